import { type BackOff, endsWithin } from '@wbor/async';
import type { Health, Logger, ServiceContext } from '@wbor/service';
import { type Kysely, sql } from 'kysely';
import { createDatabase } from './create-database.ts';
import { migrateToLatest } from './migrate.ts';
import { createOutageState, type OutageState } from './outage-state.ts';
import type { Database } from './tables.ts';

export interface OpenDatabaseOptions {
  /** `postgres://user:password@host:port/database`. Never logged. */
  readonly url: string;
  readonly applicationName: string;
  readonly maxConnections: number;
  /** What an outage means to this service, for `/readyz` and for the log; see {@link createOutageState}. */
  readonly symptom: string;
  readonly logLine: string;
  /** Default {@link databaseBackOffMs}. */
  readonly backOffMs?: BackOff | undefined;
  /** How often Postgres is asked for a sign of life, in milliseconds. Default 4 s. */
  readonly probeEveryMs?: number | undefined;
  readonly logger: Logger;
  readonly health: Pick<Health, 'addCheck'>;
  readonly onStop: ServiceContext['onStop'];
}

/** The database of a running service. */
export interface ServiceDatabase {
  readonly db: Kysely<Database>;
  /** For the service to tell how its queries go. */
  readonly outage: OutageState;
  /**
   * Brings the tables up to date, and waits for a Postgres that is away; until then the service is not ready.
   *
   * @throws DatabaseConfigurationError or MigrationError, as {@link migrateToLatest} does; an AbortError when the
   *   service is stopped meanwhile.
   */
  migrate(): Promise<void>;
}

/** A query that a dead Postgres does not answer must not hold up the exit. */
const CLOSE_TIMEOUT_MS = 1_500;
const PROBE_EVERY_MS = 4_000;

/**
 * Opens the database of a service: a pool, the check `database` in `/readyz`, a bounded close at the end. Nothing is
 * connected before `migrate()`, which can run beside the first contact with the broker.
 */
export function openDatabase(options: OpenDatabaseOptions): ServiceDatabase {
  const { health, logger, logLine, onStop, symptom, url } = options;
  const outage = createOutageState({ symptom, logLine, logger });
  const { close, db } = createDatabase({
    connectionString: url,
    maxConnections: options.maxConnections,
    applicationName: options.applicationName,
    onIdleError: (error) => logger.debug({ error: error.message }, 'lost an idle connection to Postgres'),
  });
  onStop('database', async () => void (await endsWithin(close(), CLOSE_TIMEOUT_MS)));

  let migrated = false;
  health.addCheck('database', () => outage.reason ?? (migrated ? undefined : 'the tables are not ready yet'));

  async function migrate(): Promise<void> {
    const stopping = new AbortController();
    onStop('migrations', () => stopping.abort());
    const names = await migrateToLatest({
      connectionString: url,
      onNewerSchema: (migrations) =>
        logger.warn({ migrations }, 'newer code has migrated the database; working on it all the same'),
      waitForDatabase: {
        signal: stopping.signal,
        onUnavailable: outage.failed,
        ...(options.backOffMs && { backOffMs: options.backOffMs }),
      },
    });
    outage.worked();
    migrated = true;
    const timer = setInterval(startProbes(db, outage), options.probeEveryMs ?? PROBE_EVERY_MS);
    timer.unref();
    onStop('probes of the database', () => clearInterval(timer));
    if (names.length > 0) logger.info({ migrations: names }, 'migrated the database');
  }

  return { db, outage, migrate };
}

/**
 * Looks for a sign of life, since a service that has nothing to do would not notice that Postgres is away. What the service
 * itself has found out is left to it: it needs more than an answer.
 */
function startProbes(db: Kysely<Database>, outage: OutageState): () => void {
  let isOurs = false;
  let isRunning = false;

  async function probe(): Promise<void> {
    if (outage.reason === undefined) isOurs = false;
    else if (!isOurs) return;
    try {
      const { rows } = await sql<{ setting: string }>`
        select current_setting('transaction_read_only') as setting`.execute(db);
      if (rows[0]?.setting === 'on') throw new Error('it is read-only, a standby perhaps');
      if (!isOurs) return;
      isOurs = false;
      outage.worked();
    } catch (error) {
      isOurs ||= outage.reason === undefined;
      if (isOurs) outage.failed(error);
    }
  }

  return () => {
    if (isRunning) return;
    isRunning = true;
    void probe().finally(() => {
      isRunning = false;
    });
  };
}
