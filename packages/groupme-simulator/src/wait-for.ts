import { SimulatorTimeoutError } from './errors.ts';
import type { Events } from './events.ts';

type Falsy = false | null | undefined | 0 | '';

/** Asks the predicate now and after every change, until it gives something truthy. */
export function waitForChange<T>(events: Events, predicate: () => T | Falsy, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let scheduled = false;
    const finish = () => {
      clearTimeout(timer);
      forget();
    };
    const check = () => {
      scheduled = false;
      try {
        const value = predicate();
        if (!value) return;
        finish();
        resolve(value);
      } catch (error) {
        finish();
        reject(error);
      }
    };
    const forget = events.listen(() => {
      // One question for a burst of changes: a predicate may go through all messages.
      if (scheduled) return;
      scheduled = true;
      setImmediate(check);
    });
    const timer = setTimeout(() => {
      finish();
      reject(new SimulatorTimeoutError(`the simulator saw nothing that fits within ${timeoutMs} ms`));
    }, timeoutMs);
    check();
  });
}
