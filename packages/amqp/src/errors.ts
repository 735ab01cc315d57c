/** The broker refuses us for a reason that waiting cannot help. Thrown at the first boot only. */
export class BrokerConfigurationError extends Error {
  override readonly name = 'BrokerConfigurationError';
  readonly code:
    | 'ACCESS_REFUSED'
    | 'NO_VHOST'
    | 'TOPOLOGY_MISMATCH'
    | 'NOT_DECLARED'
    | 'BAD_URL'
    | 'TLS_REFUSED';

  constructor(code: BrokerConfigurationError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type PublishErrorCode =
  | 'DISCONNECTED'
  | 'TIMEOUT'
  | 'CHANNEL_CLOSED'
  | 'NACKED'
  | 'RETURNED'
  | 'BUSY'
  | 'INVALID';

/** A message was not confirmed. With TIMEOUT and CHANNEL_CLOSED the broker may still have stored it. */
export class PublishError extends Error {
  override readonly name = 'PublishError';
  readonly code: PublishErrorCode;

  constructor(code: PublishErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Whether publishing again (same messageId) can help. */
  get retryable(): boolean {
    return this.code !== 'RETURNED' && this.code !== 'INVALID';
  }
}
