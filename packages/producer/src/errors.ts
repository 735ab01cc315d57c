import type { ProducerErrorCode } from './types.ts';

/** What the caller has to know of: a message was not accepted. Its text holds no secret. */
export class ProducerError extends Error {
  override readonly name = 'ProducerError';
  readonly code: ProducerErrorCode;

  constructor(code: ProducerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The spool's file cannot be used. Sending goes on without it. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError';
  /** `LOST`: another process has taken the file over, and what is in it. */
  readonly code: 'UNUSABLE' | 'LOST';

  constructor(code: SpoolError['code'], message: string) {
    super(message);
    this.code = code;
  }
}
