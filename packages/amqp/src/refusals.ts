import type { Logger } from './types.ts';

const RENEW_AFTER_MS = 2_000;
/** A channel that has had a confirm hears of a new leader by itself, as a rule. */
const RENEW_KNOWN_AFTER_MS = 15_000;
/** A queue that is full refuses as well, and what is in hand is delivered again with each renewal. */
const LONGER_EACH_TIME = 2;

/** An election of a leader takes less. */
const TROUBLE_AFTER_MS = 5_000;
/** Longer than the pause between two tries and the wait for a confirm together: then nobody tries any more. */
const TROUBLE_FORGOTTEN_AFTER_MS = 20_000;

/** What one channel hears of what it publishes. */
export interface Answers {
  confirmed(): void;
  refused(): void;
  /** There was no answer in time. */
  unanswered(): void;
}

export interface Refusals {
  /** @returns what is to be told of a new channel; `lose` ends that. */
  watch(lose: (reason: string) => void): Answers;
  /** Why nothing that is published gets through, once that is so. */
  readonly reason: string | undefined;
}

/**
 * Finds channels on which nothing is ever taken, and tells of them. In a cluster, a channel that publishes to a queue for the first
 * time in the moment in which the queue's leader dies goes on asking that one (RabbitMQ 3.10), and the broker refuses all of it; a
 * new channel asks who leads.
 *
 * @param name of the channel, for the log.
 */
export function createRefusals(
  name: string,
  logger: Pick<Logger, 'warn' | 'info'>,
  nowMs: () => number = () => performance.now(),
): Refusals {
  let renewAfterMs = RENEW_AFTER_MS;
  let trouble: { readonly sinceMs: number; lastMs: number; isLogged: boolean } | undefined;

  function failed(): void {
    trouble ??= { sinceMs: nowMs(), lastMs: 0, isLogged: false };
    trouble.lastMs = nowMs();
    if (trouble.isLogged || nowMs() - trouble.sinceMs < TROUBLE_AFTER_MS) return;
    trouble.isLogged = true;
    logger.warn({ channel: name }, 'the broker takes nothing that is published; it is tried again and again');
  }

  function gotThrough(): void {
    if (trouble?.isLogged) {
      const forMs = Math.round(nowMs() - trouble.sinceMs);
      logger.info({ channel: name, for_ms: forMs }, 'the broker takes what is published again');
    }
    trouble = undefined;
    renewAfterMs = RENEW_AFTER_MS;
  }

  return {
    get reason() {
      if (trouble === undefined || nowMs() - trouble.lastMs > TROUBLE_FORGOTTEN_AFTER_MS) return undefined;
      const seconds = Math.floor((nowMs() - trouble.sinceMs) / 1_000);
      if (seconds * 1_000 < TROUBLE_AFTER_MS) return undefined;
      return `the broker has taken nothing that was published for ${seconds} s`;
    },
    watch(lose) {
      let sinceMs: number | undefined;
      let isKnown = false;
      let isOver = false;
      return {
        confirmed() {
          sinceMs = undefined;
          isKnown = true;
          gotThrough();
        },
        refused() {
          failed();
          sinceMs ??= nowMs();
          const patienceMs = isKnown ? Math.max(RENEW_KNOWN_AFTER_MS, renewAfterMs) : renewAfterMs;
          if (isOver || nowMs() - sinceMs < patienceMs) return;
          isOver = true;
          renewAfterMs *= LONGER_EACH_TIME;
          lose('the broker refuses all that is published on it');
        },
        unanswered: failed,
      };
    },
  };
}
