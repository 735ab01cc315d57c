import pLimit, { type LimitFunction } from 'p-limit';

/** Prepares messages side by side and commits them in the order of their arrival, each source by itself. */
export interface OrderBySource {
  /**
   * Calls `commit` with what `prepared` resolves to, after every earlier commit of the same source has ended. A
   * source never waits for another. Rejects when `prepared` or `commit` does; later messages are not affected.
   */
  run<Value>(
    source: string,
    prepared: Promise<Value>,
    commit: (value: Value) => Promise<void>,
  ): Promise<void>;
  /** How many of a source have not been committed yet. */
  waiting(source: string): number;
}

export function createOrderBySource(): OrderBySource {
  const limits = new Map<string, LimitFunction>();
  function waiting(source: string): number {
    const { activeCount = 0, pendingCount = 0 } = limits.get(source) ?? {};
    return activeCount + pendingCount;
  }

  return {
    waiting,
    async run(source, prepared, commit) {
      const oneByOne = limits.get(source) ?? pLimit(1);
      limits.set(source, oneByOne);
      // It may fail while it waits for its turn: that is handled below, not an unhandled rejection.
      prepared.catch(() => {});
      try {
        await oneByOne(async () => commit(await prepared));
      } finally {
        if (waiting(source) === 0) limits.delete(source);
      }
    },
  };
}
