import { errorMessage } from '@wbor/async';

/**
 * What a failed query means for its caller.
 *
 * - `data`: a row is at fault; the same rows fail again for ever.
 * - `configuration`: the credentials, the database or the rights; a person has to act.
 * - `unavailable`: everything else; the same query may work later.
 */
export type DatabaseFailure = 'data' | 'configuration' | 'unavailable';

/**
 * 22 bad value, 23 constraint, 54 a limit of Postgres (an index entry too long, JSON nested too deep).
 * Whatever is not in this list is kept and tried again: losing a row is worse than waiting.
 */
const DATA_CLASSES: ReadonlySet<string> = new Set(['22', '23', '54']);

/** 28 credentials, 3D no such database, 42501 no right to do it. */
const CONFIGURATION_STATES = /^(?:28...|3D000|42501)$/;

export function classifyDatabaseError(error: unknown): DatabaseFailure {
  const sqlState = readSqlState(error);
  if (sqlState !== undefined) {
    if (DATA_CLASSES.has(sqlState.slice(0, 2))) return 'data';
    return CONFIGURATION_STATES.test(sqlState) ? 'configuration' : 'unavailable';
  }
  // JSON.stringify on what cannot be written as JSON: the row's fault, found before Postgres saw it.
  return error instanceof RangeError ? 'data' : 'unavailable';
}

/** The five characters that Postgres answers an error with; undefined for errors of the connection. */
export function readSqlState(error: unknown): string | undefined {
  const code = readCode(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && /[0-9]/.test(code) ? code : undefined;
}

/**
 * One line for logs and health answers. Postgres quotes values in the messages of data errors, so those are
 * reduced to their SQLSTATE: message text has no place in a log.
 */
export function describeDatabaseError(error: unknown): string {
  const code = readCode(error);
  if (classifyDatabaseError(error) === 'data') return `Postgres refused a value (${code ?? 'no code'})`;
  const message = errorMessage(error);
  // A refused connection to a name with two addresses is an AggregateError without a message.
  if (message === '') return code ?? 'unknown error';
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

function readCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
