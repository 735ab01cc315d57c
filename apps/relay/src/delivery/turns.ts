import type { Lane } from '../outbox.ts';

/** Lets one message at a time be posted, urgent ones first. */
export interface Turns {
  /** Waits for the turn; false when `signal` was aborted first. Give a turn back with `release`. */
  take(lane: Lane, signal: AbortSignal): Promise<boolean>;
  release(): void;
  /** Whether an urgent message waits for its turn. */
  readonly urgentWaits: boolean;
  /** Resolves when an urgent message waits. */
  urgentArrives(signal: AbortSignal): Promise<void>;
}

export function createTurns(): Turns {
  const waiting: Record<Lane, (() => void)[]> = { urgent: [], normal: [] };
  const watchers = new Set<() => void>();
  let taken = false;
  return {
    get urgentWaits() {
      return waiting.urgent.length > 0;
    },
    take(lane, signal) {
      if (signal.aborted) return Promise.resolve(false);
      if (!taken) {
        taken = true;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const grant = (): void => {
          signal.removeEventListener('abort', giveUp);
          resolve(true);
        };
        const giveUp = (): void => {
          const index = waiting[lane].indexOf(grant);
          if (index >= 0) waiting[lane].splice(index, 1);
          resolve(false);
        };
        signal.addEventListener('abort', giveUp, { once: true });
        waiting[lane].push(grant);
        if (lane === 'urgent') for (const watcher of watchers) watcher();
      });
    },
    release() {
      const next = waiting.urgent.shift() ?? waiting.normal.shift();
      if (next) next();
      else taken = false;
    },
    urgentArrives(signal) {
      if (waiting.urgent.length > 0) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          watchers.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        watchers.add(done);
        signal.addEventListener('abort', done);
      });
    },
  };
}
