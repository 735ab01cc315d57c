import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '@wbor/async';
import type { Topology } from '@wbor/contracts';
import { inSpan } from '@wbor/tracing';
import type { ConsumeMessage } from 'amqplib';
import type { ConfirmOptions } from './confirming-channel.ts';
import type { Connection } from './connection.ts';
import { type DeliveringChannel, deliveringChannel, limitContent, toDelivery } from './delivery.ts';
import { createFailureWatch } from './failure-watch.ts';
import { openHealingChannel } from './healing-channel.ts';
import { createInHand } from './in-hand.ts';
import { takeLock } from './lock.ts';
import type { Parking } from './parking.ts';
import { createRefusals } from './refusals.ts';
import { screen } from './screen.ts';
import { processSpan } from './spans.ts';
import { declareAnew, declareTopology } from './topology.ts';
import type { Consumer, ConsumerOptions, Delivery, Logger } from './types.ts';

/** After a handler failed in a way that it did not foresee. Long enough not to spin through the delivery limit. */
const FAILED_HANDLER_PAUSE_MS = 1_000;

/** A routing key is short by the protocol, but may hold bytes that become longer as text. */
const MAX_KEY_LENGTH = 255;

/** What is not done by then is left to the next process; less than orchestrators wait before they kill. */
const STOP_TIMEOUT_MS = 5_000;

/**
 * A quorum queue takes acks in windows of about 32 and forgets what waits in line when the channel closes: of
 * 500 acked at once, 466 came back. A moment's wait lets them through.
 */
const ACK_SETTLE_MS = 250;

/**
 * Consumes queues on a channel of their own. Deliveries are settled on the channel that brought them: the
 * manager's `ack` goes by number on whatever channel is current, and after a reconnection that deletes a
 * message which nobody has worked on.
 */
export async function startConsumer(
  options: ConsumerOptions &
    ConfirmOptions & {
      connection: Connection;
      topology: Topology;
      logger: Logger;
      maxMessageBytes: number;
      park: (delivery: Delivery, parking: Parking) => Promise<void>;
    },
): Promise<Consumer> {
  const { limits, logger, maxMessageBytes } = options;
  const failures = createFailureWatch();
  const inHand = createInHand({
    maxBytes: limits?.maxBytesInHand,
    keepsOrder: limits?.keepsOrder ?? true,
    renew: () => renew(),
  });
  let current: DeliveringChannel | undefined;
  let stopping = false;
  let renewing = false;
  let ackedAt = Number.NEGATIVE_INFINITY;

  function receive(from: DeliveringChannel, queue: string, message: ConsumeMessage): void {
    // Left unsettled on purpose: closing the channel returns it, in order.
    if (stopping || from.signal.aborted || !inHand.hasRoomFor(message.content.length)) return;
    const delivery = toDelivery(from, queue, message, () => {
      ackedAt = performance.now();
    });
    inHand.add(message.content.length, handle(delivery));
  }

  async function handle(delivery: Delivery): Promise<void> {
    try {
      await inSpan(
        `process ${delivery.queue}`,
        () => processSpan(delivery),
        async () => {
          if (!(await putAside(delivery))) await options.onDelivery(delivery);
        },
      );
      failures.succeeded();
    } catch (error) {
      // Nobody's fault: the message is with somebody else by now.
      if (delivery.signal.aborted) return;
      failures.failed(error);
      const { messageId, queue } = delivery;
      logger.error({ queue, amqp_message_id: messageId, error: errorMessage(error) }, 'a handler failed');
      await delay(FAILED_HANDLER_PAUSE_MS);
      delivery.requeue();
    }
  }

  /** @returns whether the message was one that nobody shall work on. */
  async function putAside(delivery: Delivery): Promise<boolean> {
    if (limits === undefined) return false;
    const screened = screen(delivery, { maxMessageBytes, ...limits });
    if (screened === undefined) return false;
    const { messageId, queue, routingKey } = delivery;
    const { error, reason } = screened;
    await options.park(delivery, { ...screened, queue, parkedQueue: limits.parkedQueue });
    logger.error(
      { queue, key: routingKey.slice(0, MAX_KEY_LENGTH), amqp_message_id: messageId, reason, error },
      'parked a message that nobody can work on',
    );
    limits.onParked?.(delivery, { reason, error });
    return true;
  }

  async function renew(): Promise<void> {
    if (stopping || renewing) return;
    renewing = true;
    // From here on nothing is acknowledged any more, so that the wait has an end.
    current?.lose();
    await acksTaken();
    await healing.renew();
    renewing = false;
  }

  const acksTaken = () => delay(Math.max(0, ackedAt + ACK_SETTLE_MS - performance.now()));

  const name = [options.appId, ...options.queues.map(({ queue }) => queue)].join(' ');
  const refusals = createRefusals(name, logger);
  const healing = openHealingChannel({
    connection: options.connection,
    name,
    logger,
    async setup(channel, lose) {
      // The consumers that it guards are on the same connection.
      if (options.lock !== undefined) await takeLock(channel, options.lock);
      await declareTopology(channel, options.topology);
      if (limits) limitContent(channel, limits.maxMessageBytes ?? maxMessageBytes);
      const from = deliveringChannel(channel, options.topology, options, refusals.watch(lose));
      current = from;
      inHand.reset();
      for (const { queue, prefetch } of options.queues) {
        // Holds for the consumers that begin after it, so each queue has its own.
        await channel.prefetch(Math.min(prefetch, inHand.maxMessages));
        await channel.consume(queue, (message) => {
          // The broker cancelled us, for example since the queue was deleted. The channel would stay idle.
          if (message !== null) return receive(from, queue, message);
          declareAnew(options.topology);
          lose('the broker cancelled the consumer');
        });
      }
    },
    onLost(channel) {
      if (current?.channel !== channel) return;
      current.lose();
      current = undefined;
    },
  });
  if (options.lock === undefined) await healing.firstReady;

  return {
    get active() {
      return (current !== undefined || renewing) && !stopping;
    },
    get standby() {
      return healing.locked;
    },
    get failing() {
      return failures.reason ?? refusals.reason;
    },
    renew,
    async stop() {
      stopping = true;
      await Promise.race([inHand.settled(), delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
      await acksTaken();
      // Not basic.cancel: with a single active consumer that lets the next one start while we still hold
      // messages, and the order is broken.
      await healing.close();
    },
  };
}
