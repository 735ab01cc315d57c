import { backOff } from '@wbor/async';
import { type CallOutcome, createPacer } from '@wbor/groupme';

/**
 * Says when the next call of GroupMe may be made, across messages: as the pace allows, after the pause that GroupMe
 * asked for, and after the back-off of an outage.
 */
export interface Throttle {
  /** The present pace; `Infinity` when there is no limit. */
  readonly ratePerSecond: number;
  /** What keeps posts from getting through at present, for `/readyz`; undefined while they get through. */
  readonly outage: string | undefined;
  /**
   * How long the next call waits from now on, in milliseconds. An emergency that was not tried yet does not wait for
   * the back-off of an outage: that may be over, and the next try can be a minute away.
   */
  waitMs(options?: { ignoreBackOff: boolean }): number;
  /** A call goes out. */
  calling(): void;
  /**
   * A post got through.
   *
   * @returns how long the outage lasted that it ended, in milliseconds; undefined when there was none.
   */
  accepted(): number | undefined;
  /**
   * A post that was in doubt is in the chat: the outage is over, which says nothing about the pace.
   *
   * @returns as `accepted`.
   */
  recovered(): number | undefined;
  /**
   * A call failed in a way that can be tried again.
   *
   * @param retryAfterMs what GroupMe asked for when it limited us.
   * @returns how long to wait now, in milliseconds.
   */
  failed(outcome: CallOutcome, summary: string, retryAfterMs: number | undefined): number;
}

export interface ThrottleOptions {
  /** Where the pace starts; 0 means no limit, and then only refusals are waited for. */
  readonly ratePerSecond: number;
  /** Never exceeded. Of no meaning when there is no limit. */
  readonly maxRatePerSecond: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  readonly random?: () => number;
}

const BACK_OFF = { minMs: 1_000, maxMs: 60_000 };
/** Nobody mends a wrong bot id within a second. */
const MISCONFIGURED_BACK_OFF = { minMs: 5_000, maxMs: 60_000 };

export function createThrottle(options: ThrottleOptions): Throttle {
  const { now, random = Math.random } = options;
  const backOffMs = backOff({ ...BACK_OFF, random });
  const misconfiguredBackOffMs = backOff({ ...MISCONFIGURED_BACK_OFF, random });
  const pacer = createPacer(options);
  let outage: { readonly summary: string; readonly sinceMs: number; readonly failures: number } | undefined;
  let backedOffUntilMs = Number.NEGATIVE_INFINITY;

  function recovered(): number | undefined {
    backedOffUntilMs = Number.NEGATIVE_INFINITY;
    if (outage === undefined) return undefined;
    const { sinceMs } = outage;
    outage = undefined;
    return now() - sinceMs;
  }

  return {
    get ratePerSecond() {
      return pacer.ratePerSecond;
    },
    get outage() {
      return outage?.summary;
    },
    waitMs: ({ ignoreBackOff } = { ignoreBackOff: false }) =>
      Math.max(pacer.delayMs(), ignoreBackOff ? 0 : backedOffUntilMs - now()),
    calling: () => pacer.posted(),
    accepted() {
      pacer.accepted();
      return recovered();
    },
    recovered,
    failed(outcome, summary, retryAfterMs) {
      const { failures = 0, sinceMs = now() } = outage ?? {};
      outage = { summary, sinceMs, failures: failures + 1 };
      // GroupMe is there and says when it wants the next call: that is the pace's business.
      if (outcome === 'refused') return pacer.refused(retryAfterMs);
      const waitMs = (outcome === 'misconfigured' ? misconfiguredBackOffMs : backOffMs)(failures);
      backedOffUntilMs = now() + waitMs;
      return waitMs;
    },
  };
}
