/** What is known about a failed call. Everything in it is free of secrets. */
export interface FailureFacts {
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly durationMs: number;
  /** GroupMe's own words, at most 200 characters. */
  readonly detail?: string | undefined;
  /** From `Retry-After`. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: Error | undefined;
}

/** A call of GroupMe that did not succeed. The subclass says what that means for the post. */
export abstract class GroupMeError extends Error {
  /** Stable, for tables and logs. */
  abstract readonly code: string;
  readonly status: number;
  readonly durationMs: number;
  readonly detail: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, facts: FailureFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.status = facts.status;
    this.durationMs = facts.durationMs;
    this.detail = facts.detail;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** 429 or 420: GroupMe wants fewer calls. Nothing was posted. */
export class GroupMeRateLimitedError extends GroupMeError {
  override readonly name = 'GroupMeRateLimitedError';
  readonly code = 'GROUPME_RATE_LIMITED';
}

/** The request was never written to a connection, so nothing was posted. */
export class GroupMeUnreachableError extends GroupMeError {
  override readonly name = 'GroupMeUnreachableError';
  readonly code = 'GROUPME_UNREACHABLE';
}

/** The request went out and no usable answer came back. The post may or may not be in the chat. */
export class GroupMeUnknownOutcomeError extends GroupMeError {
  override readonly name = 'GroupMeUnknownOutcomeError';
  readonly code = 'GROUPME_UNKNOWN_OUTCOME';
}

/** The bot id, the token or the address is wrong or missing. Nothing works until somebody sets it right. */
export class GroupMeConfigurationError extends GroupMeError {
  override readonly name = 'GroupMeConfigurationError';
  readonly code = 'GROUPME_CONFIGURATION';
}

/** Any other 4xx, or a redirect: this very request will never be accepted. Nothing was posted. */
export class GroupMeRejectedError extends GroupMeError {
  override readonly name = 'GroupMeRejectedError';
  readonly code = 'GROUPME_REJECTED';
}

/** Stands in for an error of the HTTP library, which may carry the request and with it a secret. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** The library's or the system's code, for example `ECONNREFUSED`. */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}
