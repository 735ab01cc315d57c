import { errorMessage } from '@wbor/async';

/** One line. A refused connection to a name with two addresses is an error without a message. */
export function describeError(error: unknown): string {
  const message = errorMessage(error);
  if (message !== '') return message;
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
