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

/** What Node says of a certificate that it does not trust, or that is another's. */
const DISTRUST =
  /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|INVALID_CA$|HOSTNAME_MISMATCH$)/;
const NO_TLS = 'The server does not support SSL connections';

export function classifyDatabaseError(error: unknown): DatabaseFailure {
  const sqlState = readSqlState(error);
  if (sqlState !== undefined) {
    if (DATA_CLASSES.has(sqlState.slice(0, 2))) return 'data';
    return CONFIGURATION_STATES.test(sqlState) || refusesSettings(error) ? 'configuration' : 'unavailable';
  }
  if (isDistrust(error)) return 'configuration';
  // JSON.stringify on what cannot be written as JSON: the row's fault, found before Postgres saw it.
  return error instanceof RangeError ? 'data' : 'unavailable';
}

/** Whether TLS is not as `DATABASE_URL` asks for it, the file of `sslrootcert` among it. */
export function isDistrust(error: unknown): boolean {
  const isFile =
    typeof error === 'object' && error !== null && 'syscall' in error && error.syscall === 'open';
  return isFile || DISTRUST.test(readCode(error) ?? '') || errorMessage(error) === NO_TLS;
}

/** Whether a pooler stands before Postgres and does not let us set our time-outs. */
export function refusesSettings(error: unknown): boolean {
  return readCode(error) === '08P01' && errorMessage(error).includes('startup parameter');
}

/**
 * Failures of the connection, of the disk or between transactions, which say nothing about the rows: 08 connection,
 * 25006 read-only, 40001 and 40P01 conflicts, 53100 disk full, 53300 no connection free, 55P03 lock not available,
 * 57P03 starting up, 58 input and output.
 */
const CIRCUMSTANCES = /^(?:08...|25006|40001|40P01|53100|53300|55P03|57P03|58...)$/;

/** What pg says when a query was begun and never answered. Its errors before a query have other words. */
const UNANSWERED =
  /^(?:Query read timeout$|Connection terminated unexpectedly$|Client has encountered a connection error)/;

/**
 * Whether one row may be the reason of a failure that is not clearly a row's: a time-out, a fault inside Postgres or
 * a trigger, a session that died. Whether it is shows only when others can be stored meanwhile.
 */
export function mayBeOneRowsFault(error: unknown): boolean {
  if (classifyDatabaseError(error) !== 'unavailable') return false;
  const sqlState = readSqlState(error);
  return sqlState === undefined ? UNANSWERED.test(errorMessage(error)) : !CIRCUMSTANCES.test(sqlState);
}

/** Whether the session was lost: Postgres may then be starting again, and answers soon. */
export function isLostSession(error: unknown): boolean {
  const sqlState = readSqlState(error);
  return sqlState === undefined ? UNANSWERED.test(errorMessage(error)) : sqlState.startsWith('57P');
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
  // A trigger words its errors itself, and so does a fault inside Postgres.
  if (/^(?:P0|XX)/.test(readSqlState(error) ?? '')) return `Postgres failed (${code})`;
  const message = errorMessage(error);
  // A refused connection to a name with two addresses is an AggregateError without a message.
  if (message === '') return code ?? 'unknown error';
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

function readCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
