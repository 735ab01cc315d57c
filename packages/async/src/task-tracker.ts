import { endsWithin } from './sleep.ts';

/** Work that was begun and that nobody waits for, until the service stops. */
export interface TaskTracker {
  /** How many tasks are running. */
  readonly size: number;
  /** Returns the task itself. A task that may reject needs a handler of its own. */
  track<Result>(task: Promise<Result>): Promise<Result>;
  /** Waits until none is running, at most `timeoutMs`, and says whether that was so. Tasks that begin meanwhile count. */
  drain(timeoutMs: number): Promise<boolean>;
}

export function createTaskTracker(): TaskTracker {
  const running = new Set<Promise<void>>();

  async function untilIdle(): Promise<void> {
    while (running.size > 0) await Promise.all(running);
  }

  return {
    get size() {
      return running.size;
    },
    track(task) {
      const end = (): void => void running.delete(tracked);
      const tracked = task.then(end, end);
      running.add(tracked);
      return task;
    },
    drain: (timeoutMs) => endsWithin(untilIdle(), timeoutMs),
  };
}
