import type { Logger } from './logger.ts';

export interface Lifecycle {
  /** Registers a release under a name. After a stop it is run at once: the acquisition came too late. */
  onStop(name: string, release: () => Promise<void> | void): void;
  /** Runs all releases, last in, first out, past failing ones. Calling it again waits for the same stop. */
  stop(): Promise<void>;
}

export function createLifecycle(logger: Pick<Logger, 'error'>): Lifecycle {
  const releases: { name: string; release: () => Promise<void> | void }[] = [];
  let stopped: Promise<void> | undefined;

  async function run(name: string, release: () => Promise<void> | void): Promise<void> {
    try {
      await release();
    } catch (error) {
      logger.error({ err: error, part: name }, 'could not stop a part cleanly');
    }
  }

  async function stopAll(): Promise<void> {
    for (let entry = releases.pop(); entry; entry = releases.pop()) await run(entry.name, entry.release);
  }

  return {
    onStop(name, release) {
      if (stopped) void run(name, release);
      else releases.push({ name, release });
    },
    stop() {
      stopped ??= stopAll();
      return stopped;
    },
  };
}
