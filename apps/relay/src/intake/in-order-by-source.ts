import pLimit, { type LimitFunction } from 'p-limit';

/** Lets messages that are prepared at once on in the order of their arrival, each source by itself. */
export interface OrderBySource {
  /**
   * Calls `commit` with what `prepared` resolves to, after every earlier commit of the same source has ended. A
   * source never waits for another. Rejects when `prepared` or `commit` does; later ones go on.
   */
  run<Value>(
    source: string,
    prepared: Promise<Value>,
    commit: (value: Value) => Promise<void>,
  ): Promise<void>;
}

export function createOrderBySource(): OrderBySource {
  const limits = new Map<string, LimitFunction>();
  return {
    async run(source, prepared, commit) {
      const oneByOne = limits.get(source) ?? pLimit(1);
      limits.set(source, oneByOne);
      // It may fail while it waits for its turn: that is handled below, not an unhandled rejection.
      prepared.catch(() => {});
      try {
        await oneByOne(async () => commit(await prepared));
      } finally {
        if (oneByOne.activeCount + oneByOne.pendingCount === 0) limits.delete(source);
      }
    },
  };
}
