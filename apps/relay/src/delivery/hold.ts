/** How long a message may still be held before the broker must be told again. */
export interface Hold {
  /** Aborted when the time is over. */
  readonly signal: AbortSignal;
  /** Begins the time anew, unless it was over. */
  restart(): void;
  stop(): void;
}

export function startHold(ms: number): Hold {
  const over = new AbortController();
  let timer = setTimeout(() => over.abort(), ms);
  return {
    signal: over.signal,
    restart() {
      clearTimeout(timer);
      timer = setTimeout(() => over.abort(), ms);
    },
    stop: () => clearTimeout(timer),
  };
}
