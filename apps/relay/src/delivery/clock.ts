/** The time as delivery sees it. Tests put a clock of their own in its place. */
export interface Clock {
  /** Milliseconds that never go back; their origin means nothing. */
  now(): number;
  /** Milliseconds since 1970, in which producers give their deadlines. */
  epochMs(): number;
  /** Calls back once `now()` has reached a time; returns what cancels that. */
  alarm(atMs: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  alarm(atMs, callback) {
    const timer = setTimeout(callback, Math.max(0, atMs - performance.now()));
    return () => clearTimeout(timer);
  },
};
