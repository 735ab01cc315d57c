import type { Broker, Consumer, ConsumerLimits, Delivery } from '@wbor/amqp';
import { type BackOff, endsWithin, sleep } from '@wbor/async';
import type { OutageState } from '@wbor/database';
import type { Logger } from '@wbor/service';
import type { Batcher } from '../batch/create-batcher.ts';
import type { AuditEvent } from '../intake/parse-event.ts';

export interface ConsumeOptions {
  readonly broker: Broker;
  /** Full queue name. */
  readonly queue: string;
  readonly prefetch: number;
  readonly limits: ConsumerLimits;
  readonly parse: (delivery: Delivery) => AuditEvent;
  readonly batcher: Batcher<AuditEvent>;
  readonly outage: OutageState;
  /** Asks Postgres for a sign of life; throws when there is none. */
  readonly probe: () => Promise<unknown>;
  readonly backOffMs: BackOff;
  /** How long a stop waits for what is in hand before it gives it up. */
  readonly drainTimeoutMs: number;
  readonly logger: Logger;
}

export interface AuditConsumer {
  /** Gives everything back to the broker and consumes again once Postgres answers. */
  pause(): void;
  readonly paused: boolean;
  /** Takes no more, stores what is in hand as far as time allows, gives back the rest. */
  stop(): Promise<void>;
}

/**
 * Consumes the queue into the batcher.
 *
 * A broker closes a channel that holds a message for 30 minutes, and newer ones then leave the queue stuck.
 * So in a long outage the consumer is stopped, which returns its messages in order, and started again later.
 *
 * @returns once the broker delivers to us.
 */
export async function consumeWhileStored(options: ConsumeOptions): Promise<AuditConsumer> {
  const { batcher, broker, logger, outage } = options;
  const stopped = new AbortController();
  let resuming: Promise<void> | undefined;
  let consumer: Consumer | undefined = await start();

  function start(): Promise<Consumer> {
    return broker.consume({
      queues: [{ queue: options.queue, prefetch: options.prefetch }],
      limits: options.limits,
      onDelivery: (delivery) => batcher.add(options.parse(delivery), delivery),
    });
  }

  async function giveBackAndResume(): Promise<void> {
    logger.warn({ down_ms: outage.downForMs() }, 'stopped consuming until Postgres answers');
    const current = consumer;
    consumer = undefined;
    // Stop first, so that nothing new is taken; it waits for handlers, which the abandon releases.
    const stopping = current?.stop();
    await batcher.abandon();
    await stopping;
    for (let failures = 0; !stopped.signal.aborted; failures += 1) {
      if (await resumed()) return;
      await sleep(options.backOffMs(failures), stopped.signal);
    }
  }

  async function resumed(): Promise<boolean> {
    if (!(await answers())) return false;
    try {
      consumer = await start();
      logger.info({}, 'Postgres answers; consuming again');
      return true;
    } catch (error) {
      logger.error({ err: error }, 'cannot consume again yet');
      return false;
    }
  }

  async function answers(): Promise<boolean> {
    try {
      await options.probe();
      // No proof that it takes rows, but the clock for the next pause must start anew: on a full disk we
      // would otherwise go round without rest, and each round counts against the delivery limit.
      outage.worked();
      return true;
    } catch (error) {
      outage.failed(error);
      return false;
    }
  }

  return {
    pause() {
      if (resuming || stopped.signal.aborted) return;
      resuming = giveBackAndResume().finally(() => {
        resuming = undefined;
      });
    },
    get paused() {
      return resuming !== undefined;
    },
    async stop() {
      stopped.abort();
      // Bounded: it may be waiting for a broker that is away.
      if (resuming) await endsWithin(resuming, options.drainTimeoutMs);
      const stopping = consumer?.stop();
      await batcher.drain(options.drainTimeoutMs);
      await stopping;
    },
  };
}
