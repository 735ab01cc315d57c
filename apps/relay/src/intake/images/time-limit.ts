/** A stretch of time that does not run while something else is waited for. */
export interface TimeLimit {
  /** Aborts when the time is up, or when the signal that it was made with does. */
  readonly signal: AbortSignal;
  readonly isReached: boolean;
  /** Settles as `waiting` does; the time meanwhile does not count. */
  pauseFor<Result>(waiting: Promise<Result>): Promise<Result>;
  /** To be called when nothing depends on it any more. */
  end(): void;
}

export function createTimeLimit(limitMs: number, ended: AbortSignal): TimeLimit {
  const reached = new AbortController();
  let leftMs = limitMs;
  let runsSinceMs = performance.now();
  let timer = setTimeout(() => reached.abort(), leftMs);
  return {
    signal: AbortSignal.any([reached.signal, ended]),
    get isReached() {
      return reached.signal.aborted;
    },
    async pauseFor(waiting) {
      clearTimeout(timer);
      leftMs -= performance.now() - runsSinceMs;
      try {
        return await waiting;
      } finally {
        runsSinceMs = performance.now();
        timer = setTimeout(() => reached.abort(), Math.max(0, leftMs));
      }
    },
    end: () => clearTimeout(timer),
  };
}
