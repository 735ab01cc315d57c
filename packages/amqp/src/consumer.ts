import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '@wbor/async';
import type { Topology } from '@wbor/contracts';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { Connection } from './connection.ts';
import { openHealingChannel } from './healing-channel.ts';
import { declareTopology } from './topology.ts';
import type { Consumer, ConsumerOptions, Delivery, Logger } from './types.ts';

/** After a handler failed in a way that it did not foresee. Long enough not to spin through the delivery limit. */
const FAILED_HANDLER_PAUSE_MS = 1_000;

/** What is not done by then is left to the next process; less than orchestrators wait before they kill. */
const STOP_TIMEOUT_MS = 5_000;

/**
 * A quorum queue takes acks in windows of about 32 and forgets what waits in line when the channel closes: of
 * 500 acked at once, 466 came back. A moment's wait lets them through.
 */
const ACK_SETTLE_MS = 250;

/**
 * Consumes a queue on a channel of its own. Deliveries are settled on the channel that brought them: the
 * manager's `ack` goes by number on whatever channel is current, and after a reconnection that deletes a
 * message which nobody has worked on.
 */
export async function startConsumer(
  options: ConsumerOptions & { connection: Connection; topology: Topology; appId: string; logger: Logger },
): Promise<Consumer> {
  const { logger, queue } = options;
  const running = new Set<Promise<void>>();
  let current: { channel: Channel; lost: AbortController } | undefined;
  let stopping = false;
  let ackedAt = Number.NEGATIVE_INFINITY;

  function receive(channel: Channel, message: ConsumeMessage, signal: AbortSignal): void {
    // Left unsettled on purpose: closing the channel returns it, in order.
    if (stopping) return;
    const delivery = toDelivery(channel, queue, message, signal, () => {
      ackedAt = performance.now();
    });
    const work = handle(delivery).finally(() => running.delete(work));
    running.add(work);
  }

  async function handle(delivery: Delivery): Promise<void> {
    try {
      await options.onDelivery(delivery);
    } catch (error) {
      logger.error({ queue, message_id: delivery.messageId, error: errorMessage(error) }, 'a handler failed');
      await delay(FAILED_HANDLER_PAUSE_MS);
      delivery.requeue();
    }
  }

  const healing = openHealingChannel({
    connection: options.connection,
    name: `${options.appId} ${queue}`,
    logger,
    async setup(channel, lose) {
      // An exclusive queue is a lock that the broker gives back the moment the connection is gone; and the
      // consumers that it guards are on the same connection.
      if (options.lock !== undefined) {
        await channel.assertQueue(options.lock, { exclusive: true, durable: false });
      }
      await declareTopology(channel, options.topology);
      await channel.prefetch(options.prefetch);
      const lost = new AbortController();
      current = { channel, lost };
      await channel.consume(queue, (message) => {
        // The broker cancelled us, for example since the queue was deleted. The channel would stay idle.
        if (message === null) lose('the broker cancelled the consumer');
        else receive(channel, message, lost.signal);
      });
    },
    onLost(channel) {
      if (current?.channel !== channel) return;
      current.lost.abort();
      current = undefined;
    },
  });
  if (options.lock === undefined) await healing.firstReady;

  return {
    get active() {
      return current !== undefined && !stopping;
    },
    get standby() {
      return healing.locked;
    },
    async stop() {
      stopping = true;
      await Promise.race([Promise.allSettled(running), delay(STOP_TIMEOUT_MS, undefined, { ref: false })]);
      await delay(Math.max(0, ackedAt + ACK_SETTLE_MS - performance.now()));
      // Not basic.cancel: with a single active consumer that lets the next one start while we still hold
      // messages, and the order is broken.
      await healing.close();
    },
  };
}

function toDelivery(
  channel: Channel,
  queue: string,
  message: ConsumeMessage,
  signal: AbortSignal,
  onAck: () => void,
): Delivery {
  const { properties, fields } = message;
  // amqplib throws when the channel has gone. The broker has given the message to somebody else by then.
  const settle = (act: () => void): boolean => {
    if (signal.aborted) return false;
    try {
      act();
      return true;
    } catch {
      return false;
    }
  };
  return {
    content: message.content,
    routingKey: fields.routingKey,
    exchange: fields.exchange,
    redelivered: fields.redelivered,
    messageId: textOf(properties.messageId),
    correlationId: textOf(properties.correlationId),
    replyTo: textOf(properties.replyTo),
    timestamp: timestampOf(properties.timestamp),
    priority: typeof properties.priority === 'number' ? properties.priority : 0,
    expirationMs: expirationOf(properties.expiration),
    headers: properties.headers ?? {},
    signal,
    ack() {
      onAck();
      return settle(() => channel.ack(message));
    },
    requeue: () => settle(() => channel.nack(message, false, true)),
    async isHeld() {
      if (signal.aborted) return false;
      try {
        await channel.checkQueue(queue);
        return !signal.aborted;
      } catch {
        return false;
      }
    },
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** AMQP timestamps are seconds; some producers send milliseconds. */
function timestampOf(value: unknown): Date | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return undefined;
  const date = new Date(value > 100_000_000_000 ? value : value * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** AMQP has it as a string of milliseconds. */
function expirationOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;
}
