const RENEW_AFTER_MS = 2_000;
/** A queue that is full refuses as well, and what is in hand is delivered again with each renewal. */
const LONGER_EACH_TIME = 2;

/** What one channel hears of what it publishes. */
export interface Answers {
  confirmed(): void;
  refused(): void;
}

/**
 * Finds channels on which nothing is ever taken. In a cluster, a channel that publishes to a queue for the first time in the moment
 * in which the queue's leader dies goes on asking that one (RabbitMQ 3.10), and the broker refuses all of it; a new channel
 * asks who leads. One that has had a confirm hears of a new leader by itself.
 *
 * @returns what is to be told of each channel; `lose` ends that for a new one.
 */
export function createRefusals(
  nowMs: () => number = () => performance.now(),
): (lose: (reason: string) => void) => Answers {
  let renewAfterMs = RENEW_AFTER_MS;
  return (lose) => {
    let sinceMs: number | undefined;
    let isOver = false;
    return {
      confirmed() {
        isOver = true;
        renewAfterMs = RENEW_AFTER_MS;
      },
      refused() {
        sinceMs ??= nowMs();
        if (isOver || nowMs() - sinceMs < renewAfterMs) return;
        isOver = true;
        renewAfterMs *= LONGER_EACH_TIME;
        lose('the broker refuses all that is published on it');
      },
    };
  };
}
