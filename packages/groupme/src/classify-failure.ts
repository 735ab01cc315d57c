import {
  GroupMeConfigurationError,
  type GroupMeError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
  GroupMeUnreachableError,
} from './errors.ts';

/** How one call ended, as the audit stores it. `refused` means that GroupMe has limited our rate. */
export type CallOutcome = 'delivered' | 'refused' | 'unreachable' | 'unknown' | 'misconfigured' | 'rejected';

/** The one table of failures: what a failed call means for the post. Only `rejected` is never tried again. */
export function classifyFailure(error: GroupMeError): Exclude<CallOutcome, 'delivered'> {
  if (error instanceof GroupMeRateLimitedError) return 'refused';
  if (error instanceof GroupMeUnreachableError) return 'unreachable';
  if (error instanceof GroupMeConfigurationError) return 'misconfigured';
  if (error instanceof GroupMeRejectedError) return 'rejected';
  return 'unknown';
}
