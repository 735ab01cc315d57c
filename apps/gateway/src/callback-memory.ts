import { LRUCache } from 'lru-cache';

/** Remembers which callbacks were published. */
export interface CallbackMemory {
  /**
   * Runs `publish` unless the same key was published before. A copy that comes while the first is on its
   * way shares that one's fate: it may not be answered with success before the broker has confirmed.
   *
   * @throws what `publish` threw; the key is then forgotten, so that a repeat gets another chance.
   */
  once(key: string, publish: () => Promise<void>): Promise<'published' | 'duplicate'>;
}

export function createCallbackMemory(options: { maxIds: number; maxAgeMs: number }): CallbackMemory {
  const confirmed = new LRUCache<string, true>({ max: options.maxIds, ttl: options.maxAgeMs });
  const inFlight = new Map<string, Promise<void>>();
  return {
    async once(key, publish) {
      if (confirmed.has(key)) return 'duplicate';
      const running = inFlight.get(key);
      if (running) {
        await running;
        return 'duplicate';
      }
      const run = publish();
      inFlight.set(key, run);
      try {
        await run;
        confirmed.set(key, true);
        return 'published';
      } finally {
        inFlight.delete(key);
      }
    },
  };
}
