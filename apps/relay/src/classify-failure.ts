import type { Outcome } from '@wbor/contracts';
import {
  GroupMeConfigurationError,
  type GroupMeError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
  GroupMeUnreachableError,
} from '@wbor/groupme';

/** What a failed call means and what to do next. */
export interface FailureClass {
  readonly outcome: Outcome;
  /** `pace`: wait as told and repeat. `back-off`: repeat with growing pauses. `park`: no retry can help. */
  readonly next: 'pace' | 'back-off' | 'park';
}

/** The one table of failures. */
export function classifyFailure(error: GroupMeError): FailureClass {
  if (error instanceof GroupMeRateLimitedError) return { outcome: 'refused', next: 'pace' };
  if (error instanceof GroupMeUnreachableError) return { outcome: 'unreachable', next: 'back-off' };
  if (error instanceof GroupMeConfigurationError) return { outcome: 'misconfigured', next: 'back-off' };
  if (error instanceof GroupMeRejectedError) return { outcome: 'rejected', next: 'park' };
  return { outcome: 'unknown', next: 'back-off' };
}
