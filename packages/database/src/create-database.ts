import { Socket } from 'node:net';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool, type PoolClient } from 'pg';
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
  /** Postgres ends a session that leaves a transaction open and idle for this long. Default 30 000 ms. */
  readonly idleInTransactionTimeoutMs?: number;
  /** A connection is replaced after this long. Default 60 s. */
  readonly maxLifetimeSeconds?: number;
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
/** Once more a little: whoever asked has heard of the time-out by then. */
const SILENCE_MARGIN_MS = 1_000;
/**
 * A process that is frozen, or a machine that is gone, leaves its rows locked, and each insert of a post locks the
 * day's count: the audit of everybody waits. Nothing of ours idles in a transaction for longer than a confirm.
 */
const DEFAULT_IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;
/** In a failover a primary may become a standby and keep its connections, on which nothing can be written any more. */
const DEFAULT_MAX_LIFETIME_SECONDS = 60;

/** Opens nothing yet: the first query connects. */
export function createDatabase(options: DatabaseOptions): DatabaseHandle {
  const statementTimeoutMs = options.statementTimeoutMs ?? DEFAULT_STATEMENT_TIMEOUT_MS;
  const queryTimeoutMs = statementTimeoutMs + QUERY_TIMEOUT_MARGIN_MS;
  const pool = new Pool({
    connectionString: options.connectionString,
    max: options.maxConnections ?? 5,
    application_name: options.applicationName ?? 'wbor',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: queryTimeoutMs,
    idle_in_transaction_session_timeout:
      options.idleInTransactionTimeoutMs ?? DEFAULT_IDLE_IN_TRANSACTION_TIMEOUT_MS,
    maxLifetimeSeconds: options.maxLifetimeSeconds ?? DEFAULT_MAX_LIFETIME_SECONDS,
    keepAlive: true,
  });
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));
  // The pool listens to idle connections only. One that is lost between two statements of a transaction
  // also emits `error`; the next statement on it fails, so there is nothing to do but to survive it.
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    endWhenSilent(client, queryTimeoutMs + SILENCE_MARGIN_MS);
  });

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

/**
 * pg gives up waiting for an answer, and then hands out the same connection again, on which the next query waits
 * behind the one that is never answered. A pooled connection is not idle for this long: the pool ends it before.
 */
function endWhenSilent({ connection: { stream } }: PoolClient, timeoutMs: number): void {
  if (!(stream instanceof Socket)) return;
  stream.setTimeout(timeoutMs, () => stream.destroy(new Error('Postgres has not answered for too long')));
}
