import type { Outcome } from '@wbor/contracts';

/** What keeps posts from getting through at present, across messages. */
export interface Trouble {
  /** For `/readyz`; undefined while posts get through. */
  readonly reason: string | undefined;
  /** Records a failed try and returns how long to wait before the next. */
  failed(outcome: Outcome, text: string): number;
  /** A post got through. Returns how long the trouble lasted; undefined when there was none. */
  over(): number | undefined;
}

const MIN_BACK_OFF_MS = 1_000;
const MAX_BACK_OFF_MS = 60_000;
/** Nobody mends a wrong bot id within a second. */
const MIN_MISCONFIGURED_BACK_OFF_MS = 5_000;

export function createTrouble(now: () => number = () => performance.now()): Trouble {
  let reason: string | undefined;
  let since = 0;
  let failures = 0;
  return {
    get reason() {
      return reason;
    },
    failed(outcome, text) {
      if (reason === undefined) since = now();
      reason = text;
      const minMs = outcome === 'misconfigured' ? MIN_MISCONFIGURED_BACK_OFF_MS : MIN_BACK_OFF_MS;
      const ceilingMs = Math.min(minMs * 2 ** Math.min(failures, 10), MAX_BACK_OFF_MS);
      failures += 1;
      // Jitter, so that many relays of one outage do not come back as one.
      return ceilingMs * (0.5 + Math.random() / 2);
    },
    over() {
      if (reason === undefined) return undefined;
      reason = undefined;
      failures = 0;
      return now() - since;
    },
  };
}
