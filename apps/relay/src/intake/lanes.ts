/** Runs commits in the order of arrival per key, however long the preparation of each takes. */
export interface Lanes {
  /**
   * Calls `commit` with what `prepared` resolves to, after every earlier commit of the same key has ended. A
   * key never waits for another. Rejects when `prepared` or `commit` does; later ones go on.
   */
  run<Value>(key: string, prepared: Promise<Value>, commit: (value: Value) => Promise<void>): Promise<void>;
}

export function createLanes(): Lanes {
  const tails = new Map<string, Promise<void>>();
  return {
    run(key, prepared, commit) {
      const earlier = tails.get(key) ?? Promise.resolve();
      // It may fail while it waits for its turn: that is handled below, not an unhandled rejection.
      prepared.catch(() => {});
      const work = earlier.then(() => prepared).then(commit);
      const tail = work
        .catch(() => {})
        .then(() => {
          if (tails.get(key) === tail) tails.delete(key);
        });
      tails.set(key, tail);
      return work;
    },
  };
}
