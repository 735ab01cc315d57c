/** A clock that goes from one timer to the next, as fast as the loop can follow. */
export interface VirtualTime {
  readonly nowMs: number;
  /** Acts once the time has come; returns what cancels that. */
  at(atMs: number, act: () => void): () => void;
  pause(ms: number): Promise<void>;
  /** When the next timer is due; undefined when there is none. */
  readonly nextAtMs: number | undefined;
  /** Goes to the next timer, and lets it act. */
  advance(): void;
}

export function createVirtualTime(): VirtualTime {
  const timers: { readonly atMs: number; readonly act: () => void }[] = [];
  let nowMs = 0;

  function at(atMs: number, act: () => void): () => void {
    const timer = { atMs, act };
    // Those of the same time act in the order in which they were set.
    const later = timers.findIndex((other) => other.atMs > atMs);
    timers.splice(later < 0 ? timers.length : later, 0, timer);
    return () => {
      const index = timers.indexOf(timer);
      if (index >= 0) timers.splice(index, 1);
    };
  }

  return {
    get nowMs() {
      return nowMs;
    },
    at,
    pause: (ms) => new Promise((resolve) => at(nowMs + ms, resolve)),
    get nextAtMs() {
      return timers[0]?.atMs;
    },
    advance() {
      const next = timers.shift();
      if (!next) return;
      nowMs = Math.max(nowMs, next.atMs);
      next.act();
    },
  };
}

/** Resolves once all that can go on without the clock has gone on. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What a process that is gone waits for. */
export const never = new Promise<never>(() => {});
