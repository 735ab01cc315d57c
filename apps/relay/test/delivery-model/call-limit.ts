import type { Answer } from './schedule.ts';
import type { VirtualTime } from './virtual-time.ts';

/** When the next call may be made, by the calls before it and their answers. */
export interface CallLimit {
  /** By the pace, and the pause that GroupMe has asked for. */
  readonly pacedUntilMs: number;
  /** By the back-off of an outage. */
  readonly backedOffUntilMs: number;
  called(): void;
  answered(answer: Answer): void;
  /** A post that was in doubt was seen: there is no outage. */
  recovered(): void;
  /** Pace and back-off are a process's own: the next one knows of none. */
  forget(): void;
}

export const POSTS_PER_SECOND = 4;
/** A call that was late lets the next one be so much sooner. */
const LEAST_INTERVAL_MS = 0.9 * (1000 / POSTS_PER_SECOND);
export const RETRY_AFTER_MS = 2_000;
/** With the least jitter: the shortest back-off that there is. */
const MIN_BACK_OFF_MS = 500;
const MAX_BACK_OFF_MS = 30_000;
/** A relay that has had nothing in hand for so long begins anew. After a longer back-off the model cannot tell. */
const MAY_FORGET_AFTER_MS = 5_000;

export function createCallLimit(time: VirtualTime): CallLimit {
  let calls: number[] = [];
  let pacedUntilMs = 0;
  let backedOffUntilMs = 0;
  let failures = 0;
  let failedAtMs = 0;

  function recovered(): void {
    backedOffUntilMs = 0;
    failures = 0;
  }

  return {
    get pacedUntilMs() {
      return pacedUntilMs;
    },
    get backedOffUntilMs() {
      return backedOffUntilMs;
    },
    called() {
      calls.push(time.nowMs);
      const aSecondAgo = calls.at(-POSTS_PER_SECOND) ?? Number.NEGATIVE_INFINITY;
      pacedUntilMs = Math.max(time.nowMs + LEAST_INTERVAL_MS, aSecondAgo + 1000);
    },
    answered(answer) {
      // GroupMe answers: the outage is over.
      if (answer === 'accepts' || answer === 'rejects') return recovered();
      if (time.nowMs - failedAtMs >= MAY_FORGET_AFTER_MS) failures = 0;
      failedAtMs = time.nowMs;
      if (answer === 'limits') pacedUntilMs = time.nowMs + RETRY_AFTER_MS;
      else backedOffUntilMs = time.nowMs + Math.min(MIN_BACK_OFF_MS * 2 ** failures, MAX_BACK_OFF_MS);
      failures += 1;
    },
    recovered,
    forget() {
      calls = [];
      pacedUntilMs = 0;
      recovered();
    },
  };
}
