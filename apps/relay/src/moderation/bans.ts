import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '@wbor/amqp';
import { banListMessage, banListRequest, banListSchema } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import type { RelayMetrics } from '../metrics.ts';
import { createBanReplica } from './ban-replica.ts';

/** What the moderator has said, as far as it was heard. */
export interface Bans {
  /**
   * Whether nothing of this sender may be posted. While it is not certain that the newest list is known (after the
   * start and after a reconnection), an answer about a sender waits for it, a few seconds at most or until `ended`.
   */
  isBanned(sender: string | undefined, ended: AbortSignal): Promise<boolean>;
  /** The same by what is known now. */
  isBannedNow(sender: string | undefined): boolean;
  /** For people, when bans are not as they should be. */
  readonly notice: string | undefined;
  stop(): Promise<void>;
}

/** How long a moderator is given to answer. Without one, SMS wait this long after each start. */
const ANSWER_TIMEOUT_MS = 2_000;
const ASK_AGAIN_MS = 500;
/** A connection is back long before; this is for a broker that gives us all but the lists. */
const DEAF_TIMEOUT_MS = 30_000;

/** Listens to the moderator and asks it for the list whenever something may have been missed. */
export async function startBans(options: {
  broker: Pick<Broker, 'listen' | 'publishUntilConfirmed'>;
  staleAfterMs: number;
  metrics: RelayMetrics;
  logger: Logger;
}): Promise<Bans> {
  const { broker, logger, metrics } = options;
  const replica = createBanReplica({ staleAfterMs: options.staleAfterMs });
  let uncertainty = startUncertainty(DEAF_TIMEOUT_MS);

  metrics.watchBans(() => {
    const nowMs = Date.now();
    const ageMs = replica.ageMs(nowMs);
    return {
      ageSeconds: ageMs === undefined ? Number.POSITIVE_INFINITY : ageMs / 1000,
      version: replica.version ?? 0,
      count: replica.count(nowMs),
    };
  });

  function becomeUncertain(timeoutMs: number): void {
    const earlier = uncertainty;
    uncertainty = startUncertainty(timeoutMs);
    // Whoever waits for its end goes on to wait for the end of this one.
    earlier.end();
  }

  /** Again and again: a moderator that lost the same broker may not listen yet. */
  async function ask(over: AbortSignal): Promise<void> {
    try {
      while (!over.aborted) {
        await broker.publishUntilConfirmed(
          { routingKey: banListRequest.key, body: {}, mandatory: false },
          over,
        );
        await delay(ASK_AGAIN_MS, undefined, { signal: over });
      }
    } catch (error) {
      if (!over.aborted) logger.warn({ err: error }, 'could not ask the moderator for the ban list');
    }
  }

  function receive(content: Buffer): void {
    const list = parseList(content);
    if (!list) {
      logger.error({}, 'ignored an invalid ban list');
      return;
    }
    const before = replica.version;
    if (!replica.apply(list, Date.now())) {
      logger.warn({ version: list.version, known_version: before }, 'ignored an old ban list');
      return;
    }
    if (list.version !== before) {
      logger.info({ version: list.version, bans: list.bans.length }, 'took a new ban list');
    }
    uncertainty.end();
  }

  const listener = await broker.listen({
    pattern: banListMessage.key,
    onMessage: receive,
    onListening() {
      becomeUncertain(ANSWER_TIMEOUT_MS);
      void ask(uncertainty.over);
    },
    onDeaf: () => becomeUncertain(DEAF_TIMEOUT_MS),
  });

  return {
    async isBanned(sender, ended) {
      if (sender === undefined) return false;
      // A new uncertainty may begin while the earlier one is waited for.
      while (!uncertainty.over.aborted && !ended.aborted) {
        await aborted(AbortSignal.any([uncertainty.over, ended]));
      }
      return replica.isBanned(sender, Date.now());
    },
    isBannedNow: (sender) => replica.isBanned(sender, Date.now()),
    get notice() {
      return replica.notice(Date.now());
    },
    async stop() {
      await listener.stop();
      uncertainty.end();
    },
  };
}

/** A time in which a change of the list may have been missed. Over when a list comes, or after `timeoutMs`. */
interface Uncertainty {
  readonly over: AbortSignal;
  end(): void;
}

function startUncertainty(timeoutMs: number): Uncertainty {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), timeoutMs);
  timer.unref();
  const end = (): void => {
    clearTimeout(timer);
    over.abort();
  };
  return { over: over.signal, end };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function parseList(content: Buffer) {
  try {
    return banListSchema.safeParse(JSON.parse(content.toString())).data;
  } catch {
    return undefined;
  }
}
