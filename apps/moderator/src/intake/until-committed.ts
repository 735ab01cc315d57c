import type { Delivery } from '@wbor/amqp';
import { type BackOff, sleep } from '@wbor/async';
import type { OutageState } from '@wbor/database';

/** Far below the 30 minutes after which the broker closes a channel that does not acknowledge. */
const GIVE_BACK_AFTER_MS = 10 * 60_000;

/**
 * Tries work on Postgres until it is committed, the delivery has gone to another moderator, or time is up: then the delivery
 * is given back.
 *
 * @returns what the work did; undefined when it was given up.
 */
export async function untilCommitted<Result>(
  work: () => Promise<Result>,
  delivery: Pick<Delivery, 'signal' | 'requeue'>,
  options: { readonly outage: OutageState; readonly backOffMs: BackOff; readonly stopping: AbortSignal },
): Promise<Result | undefined> {
  const giveUp = AbortSignal.any([
    delivery.signal,
    options.stopping,
    AbortSignal.timeout(GIVE_BACK_AFTER_MS),
  ]);
  for (let failures = 0; ; failures += 1) {
    try {
      const result = await work();
      options.outage.worked();
      return result;
    } catch (error) {
      options.outage.failed(error);
      await sleep(options.backOffMs(failures), giveUp);
      if (giveUp.aborted) {
        delivery.requeue();
        return undefined;
      }
    }
  }
}
