import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import type { Database } from './tables.ts';

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/database`. Never logged. */
  readonly connectionString: string;
  /** Default 5. */
  readonly maxConnections?: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName?: string;
  /** Postgres gives up a statement after this long. Default 20 000 ms. */
  readonly statementTimeoutMs?: number;
  /** A connection was lost while nobody used it. Only for logs: the pool replaces it. */
  readonly onIdleError?: (error: Error) => void;
}

export interface DatabaseHandle {
  readonly db: Kysely<Database>;
  readonly pool: Pool;
  /** Waits for running queries, then ends the pool. May be called twice. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_STATEMENT_TIMEOUT_MS = 20_000;
/** Our own clock runs a little longer than Postgres's, and ends what a dead peer would never answer. */
const QUERY_TIMEOUT_MARGIN_MS = 5_000;

/** Opens nothing yet: the first query connects. */
export function createDatabase(options: DatabaseOptions): DatabaseHandle {
  const statementTimeoutMs = options.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS;
  const pool = new Pool({
    connectionString: options.connectionString,
    max: options.maxConnections ?? 5,
    application_name: options.applicationName ?? 'wbor',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + QUERY_TIMEOUT_MARGIN_MS,
    keepAlive: true,
  });
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));
  // The pool listens to idle connections only. One that is lost between two statements of a transaction
  // also emits `error`; the next statement on it fails, so there is nothing to do but to survive it.
  pool.on('connect', (client) => client.on('error', () => undefined));

  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  let closing: Promise<void> | undefined;
  return {
    db,
    pool,
    close() {
      // Kysely ends the pool only when it was used at all, so the pool is ended here.
      closing ??= pool.ended || pool.ending ? Promise.resolve() : pool.end();
      return closing;
    },
  };
}
