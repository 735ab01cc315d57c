/** Decides when the next post may go out. One per bot. */
export interface Pacer {
  /** How long to wait now, in milliseconds; 0 after a quiet spell. */
  delayMs(): number;
  /** A post is going out. */
  posted(): void;
  /** GroupMe refused a post: wait, at least as long as it said. Returns the wait. */
  refused(retryAfterMs: number | undefined): number;
  /** A post was accepted. */
  accepted(): void;
}

const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;

/**
 * Keeps a steady pace and backs off after refusals: 1-2-4…60 s with jitter.
 *
 * @param ratePerSecond 0 means no limit.
 */
export function createPacer(ratePerSecond: number, now: () => number = () => performance.now()): Pacer {
  const intervalMs = ratePerSecond > 0 ? 1000 / ratePerSecond : 0;
  let nextAt = 0;
  let refusals = 0;
  return {
    delayMs: () => Math.max(0, nextAt - now()),
    posted() {
      nextAt = Math.max(nextAt, now()) + intervalMs;
    },
    refused(retryAfterMs) {
      const ceilingMs = Math.min(MIN_PAUSE_MS * 2 ** refusals, MAX_PAUSE_MS);
      refusals += 1;
      const pauseMs = Math.max(retryAfterMs ?? 0, ceilingMs * (0.5 + Math.random() / 2));
      nextAt = now() + pauseMs;
      return pauseMs;
    },
    accepted() {
      refusals = 0;
    },
  };
}
