export type TestkitErrorCode =
  | 'NO_BROKER'
  | 'NO_POSTGRES'
  | 'NOT_OWNED'
  | 'BOOT_FAILED'
  | 'COMMAND_FAILED'
  | 'DATA_IN_USE'
  | 'TIMEOUT';

/** Everything that this package throws on purpose. `code` is stable; the message is for people. */
export class TestkitError extends Error {
  override readonly name = 'TestkitError';
  readonly code: TestkitErrorCode;

  constructor(code: TestkitErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
