import { setTimeout as delay } from 'node:timers/promises';
import { backOff, errorMessage } from '@wbor/async';
import { messageCatalogue } from '@wbor/contracts';
import type { ConfirmedPublish } from '../confirmed-publish.ts';
import { GatewayError } from '../errors.ts';
import type { Spool, SpooledMessage, WaitingMessage } from './spool.ts';

/** Published at once, in their order, on one channel. */
const BATCH = 64;

/** How often an idle or failing spool is looked at. */
const IDLE_MS = 200;
const backOffMs = backOff({ minMs: IDLE_MS, maxMs: 5_000 });

/** What nobody takes waits this long; the rest passes it. */
const NO_RECEIVER_PAUSE_MS = 30_000;

interface DrainOptions {
  readonly spool: Spool;
  readonly publish: ConfirmedPublish;
  readonly brokerReady: () => boolean;
  readonly logger: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
}

/**
 * Publishes what is in the spool, oldest first, whenever the broker takes it. What was published and could not be taken out
 * (a kill in between) is published again under the same AMQP id, by which consumers know it.
 */
export function startDrain(options: DrainOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const done = run(options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

async function run(options: DrainOptions, signal: AbortSignal): Promise<void> {
  const { brokerReady, logger, spool } = options;
  /** Routing keys that nobody takes, and until when they are left alone. */
  const paused = new Map<string, number>();
  let failures = 0;
  let isWaiting = false;
  while (!signal.aborted) {
    if (isWaiting !== spool.depth > 0) {
      isWaiting = !isWaiting;
      if (isWaiting)
        logger.warn(
          { messages: spool.depth },
          'messages wait in the spool, since the broker does not take them',
        );
      else logger.info({}, 'the spool is empty again');
    }
    const step = isWaiting && brokerReady() ? await publishSome(options, paused) : 'nothing to do';
    failures = typeof step === 'object' ? failures + 1 : 0;
    if (typeof step === 'object') logger.warn(step, 'could not publish from the spool; trying again');
    if (step !== 'published') {
      await delay(failures === 0 ? IDLE_MS : backOffMs(failures), undefined, { signal }).catch(() => {});
    }
  }
}

/** Never rejects. */
async function publishSome(
  options: DrainOptions,
  paused: Map<string, number>,
): Promise<'published' | 'nothing to do' | { error: string }> {
  try {
    for (const [key, until] of paused) if (until <= Date.now()) paused.delete(key);
    const batch = options.spool.oldest(BATCH, [...paused.keys()]);
    if (batch.length === 0) return 'nothing to do';
    const error = await publishAll(batch, options, paused);
    return error === undefined ? 'published' : { error };
  } catch (error) {
    return { error: errorMessage(error) };
  }
}

/** Says why some are still there. */
async function publishAll(
  batch: readonly WaitingMessage[],
  { logger, publish, spool }: DrainOptions,
  paused: Map<string, number>,
): Promise<string | undefined> {
  let failed: string | undefined;
  const published: WaitingMessage[] = [];
  await Promise.all(
    batch.map(async (message) => {
      try {
        await publishOne(message, publish);
        published.push(message);
      } catch (error) {
        if (!(error instanceof GatewayError) || error.statusCode !== 503) {
          // Nothing that time mends.
          spool.setAside(message, errorMessage(error));
          const fields = { amqp_message_id: message.messageId, error: errorMessage(error) };
          logger.error(fields, 'a spooled message cannot be published; it stays in SPOOL_FILE');
          return;
        }
        failed ??= error.message;
        if (error.code === 'NO_RECEIVER') paused.set(message.routingKey, Date.now() + NO_RECEIVER_PAUSE_MS);
      }
    }),
  );
  spool.remove(published);
  return failed;
}

async function publishOne(message: SpooledMessage, publish: ConfirmedPublish): Promise<void> {
  const definition = messageCatalogue[message.message];
  if (!definition) throw new Error(`this version knows no message ${message.message}`);
  const { headers, messageId, routingKey: key } = message;
  await publish(definition, JSON.parse(message.body), { key, messageId, headers });
}
