import { setTimeout as pause } from 'node:timers/promises';
import { messageOf, TestkitError } from './errors.ts';

export interface WaitOptions {
  /** Default 15 000 ms. */
  readonly timeoutMs?: number;
  /** Completes "… did not happen": shown when time is up. */
  readonly what: string;
  /** Default 20 ms. */
  readonly intervalMs?: number;
}

/** What is left of a type once falsy values are ruled out. */
export type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

const TIME_UP = Symbol('time is up');

/**
 * Polls until `probe` gives something truthy, and returns that. A probe that throws counts as "not yet"; its
 * last error becomes the cause. One that hangs is not waited for any longer than `timeoutMs`.
 * @throws TestkitError `TIMEOUT`
 */
export async function waitFor<T>(probe: () => T | Promise<T>, options: WaitOptions): Promise<Truthy<T>> {
  const timeoutMs = options.timeoutMs ?? 15_000;
  const deadline = performance.now() + timeoutMs;
  const done = new AbortController();
  const timeUp = pause(timeoutMs, TIME_UP, { signal: done.signal }).catch(() => TIME_UP);
  let lastError: unknown;
  try {
    for (;;) {
      const lookedAt = performance.now();
      try {
        const value = await Promise.race([probe(), timeUp]);
        if (value === TIME_UP) {
          const lookedMs = Math.round(performance.now() - lookedAt);
          lastError ??= new Error(`the last look had not ended after ${lookedMs} ms`);
        } else if (value) return value as Truthy<T>;
        else lastError = undefined;
      } catch (error) {
        lastError = error;
      }
      if (performance.now() >= deadline) {
        const detail = lastError === undefined ? '' : ` (last error: ${messageOf(lastError)})`;
        throw new TestkitError('TIMEOUT', `${options.what}: did not happen within ${timeoutMs} ms${detail}`, {
          cause: lastError,
        });
      }
      await pause(options.intervalMs ?? 20);
    }
  } finally {
    done.abort();
  }
}
