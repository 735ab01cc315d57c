import { setTimeout as delay } from 'node:timers/promises';
import { endsWithin, errorMessage, sleep } from '@wbor/async';
import type { ChannelModel } from 'amqplib';
import type { Connection } from './connection.ts';
import type { ForeignBindings, ForeignBindingsOptions, Logger } from './types.ts';

/** So often it is bound again, which costs the broker nothing: an exchange may be deleted and made again. */
const BIND_EVERY_MS = 30_000;
/** A broker that says nothing. */
const BIND_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 500;

/**
 * Keeps a queue bound to an exchange that other programs declare. Each try has a channel of its own, since the broker closes
 * the channel when the exchange is not there.
 */
export function startForeignBindings(
  options: ForeignBindingsOptions & { readonly connection: Connection; readonly logger: Logger },
): ForeignBindings {
  const { bindEveryMs = BIND_EVERY_MS, connection, exchange, logger, patterns, queue } = options;
  const stopping = new AbortController();
  let wake = new AbortController();
  /** What the last try came to; undefined before it. */
  let last: { readonly fault: string | undefined } | undefined;

  async function bind(model: ChannelModel): Promise<void> {
    const channel = await model.createChannel();
    channel.on('error', () => {});
    try {
      for (const pattern of patterns) await channel.bindQueue(queue, exchange, pattern);
    } finally {
      await channel.close().catch(() => {});
    }
  }

  async function tryOnce(): Promise<void> {
    const model = connection.manager.connection;
    // `connect` wakes us.
    if (!connection.connected || model === undefined) return;
    const fault = await Promise.race([bind(model), tookTooLong()]).then(() => undefined, errorMessage);
    // What a lost connection says is no news of the exchange.
    if (!connection.connected) return;
    const changed = last === undefined || last.fault !== fault;
    last = { fault };
    if (!changed) return;
    if (fault === undefined)
      logger.info({ exchange, queue, keys: patterns }, 'bound to an exchange of others');
    else {
      logger.warn(
        { exchange, queue, error: fault },
        'cannot bind to an exchange of others; trying again each half minute',
      );
    }
  }

  async function keepBound(): Promise<void> {
    while (!stopping.signal.aborted) {
      wake = new AbortController();
      await tryOnce();
      await sleep(bindEveryMs, AbortSignal.any([stopping.signal, wake.signal]));
    }
  }

  const wakeUp = (): void => wake.abort();
  connection.manager.on('connect', wakeUp);
  const running = keepBound();
  return {
    get notice() {
      if (last?.fault === undefined) return undefined;
      return `exchange ${exchange}: ${last.fault}; nothing that is published there is heard`;
    },
    async stop() {
      connection.manager.removeListener('connect', wakeUp);
      stopping.abort();
      await endsWithin(running, STOP_TIMEOUT_MS);
    },
  };
}

async function tookTooLong(): Promise<never> {
  await delay(BIND_TIMEOUT_MS, undefined, { ref: false });
  throw new Error('the broker gave no answer');
}
