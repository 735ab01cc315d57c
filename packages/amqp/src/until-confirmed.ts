import { setTimeout as delay } from 'node:timers/promises';
import { backOff } from '@wbor/async';
import { PublishError } from './errors.ts';

const backOffMs = backOff({ minMs: 100, maxMs: 5_000 });

/**
 * Publishes again, with back-off, until the broker has confirmed it.
 *
 * @param publish one try, with the same message id each time.
 * @throws the error of a try that `mayRepeat` does not allow to be repeated, and the reason of `signal` once that is aborted.
 */
export async function untilConfirmed(
  publish: () => Promise<void>,
  signal: AbortSignal | undefined,
  mayRepeat: (error: PublishError) => boolean = ({ retryable }) => retryable,
): Promise<void> {
  for (let failures = 0; ; failures += 1) {
    try {
      await publish();
      return;
    } catch (error) {
      if (!(error instanceof PublishError) || !mayRepeat(error)) throw error;
      await delay(backOffMs(failures), undefined, signal ? { signal } : {});
    }
  }
}
