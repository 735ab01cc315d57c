/** Undoes what was started. */
export interface Releases {
  /** What is added last is released first. */
  add(release: () => Promise<unknown>): void;
  /** Releases each once, and goes on past those that fail. @throws AggregateError of the failures, at the end. */
  releaseAll(): Promise<void>;
}

export function createReleases(): Releases {
  const releases: (() => Promise<unknown>)[] = [];
  return {
    add: (release) => releases.push(release),
    async releaseAll() {
      const failures: unknown[] = [];
      for (let release = releases.pop(); release; release = releases.pop()) {
        await release().catch((error: unknown) => failures.push(error));
      }
      if (failures.length > 0) throw new AggregateError(failures, 'not everything could be stopped');
    },
  };
}
