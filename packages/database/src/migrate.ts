import { type BackOff, errorMessage, sleep } from '@wbor/async';
import { type Kysely, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { databaseBackOffMs } from './back-off.ts';
import { classifyDatabaseError, isDistrust, readSqlState, refusesSettings } from './classify-error.ts';
import { createDatabase } from './create-database.ts';
import { DatabaseConfigurationError, MigrationError } from './errors.ts';
import { migrations as allMigrations } from './migrations/index.ts';
import type { Database } from './tables.ts';

export interface MigrateOptions {
  readonly connectionString: string;
  /** Try again while Postgres is away, until it is there or the signal is aborted. Default: fail at once. */
  readonly waitForDatabase?: {
    readonly signal: AbortSignal;
    /** Called before each pause, with what is wrong. */
    readonly onUnavailable: (error: unknown) => void;
    /** Default {@link databaseBackOffMs}. */
    readonly backOffMs?: BackOff;
  };
  /** Called when newer code has migrated the database further. Migrations only add, so this code works on it. */
  readonly onNewerSchema?: (names: readonly string[]) => void;
  /** For tests. */
  readonly migrations?: typeof allMigrations;
}

/** A migration may build an index for minutes, and replicas wait that long for the one that runs it. */
const STATEMENT_TIMEOUT_MS = 600_000;

/**
 * Brings the database to the newest schema. Replicas may call it at the same moment: one works, the others
 * wait.
 *
 * @returns names of the migrations that were run by this call.
 * @throws DatabaseConfigurationError on wrong credentials, a missing database, missing rights, a server that is not trusted, a
 *   pooler that drops our settings, or a database whose migrations are not ours and then newer ones.
 * @throws MigrationError when a migration fails; whatever the query threw when Postgres is away and nobody
 *   asked to wait, or the signal's reason once it is aborted.
 */
export async function migrateToLatest(options: MigrateOptions): Promise<string[]> {
  const waiting = options.waitForDatabase;
  for (let failures = 0; ; failures += 1) {
    waiting?.signal.throwIfAborted();
    try {
      return await migrateOnce(options);
    } catch (error) {
      if (!waiting || error instanceof DatabaseConfigurationError || error instanceof MigrationError)
        throw error;
      waiting.onUnavailable(error);
      await sleep((waiting.backOffMs ?? databaseBackOffMs)(failures), waiting.signal);
    }
  }
}

async function migrateOnce(options: MigrateOptions): Promise<string[]> {
  const { connectionString, migrations = allMigrations } = options;
  // Of its own: the service's statement timeout would cut the wait for another replica's migration.
  const { db, close } = createDatabase({
    connectionString,
    maxConnections: 1,
    applicationName: 'wbor migrations',
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  try {
    await refuseLostSettings(db, connectionString).catch((error: unknown) => {
      throw explain(error, undefined);
    });
    const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error === undefined) return results.map((result) => result.migrationName);
    const failed = results.find((result) => result.status === 'Error');
    // Kysely's own complaints are plain errors without a code, and so are some of a lost connection.
    if (readSqlState(error) === undefined && (await runsOnNewer(db, options))) return [];
    throw explain(error, failed?.migrationName);
  } finally {
    await close();
  }
}

/** A pooler that is told to ignore our time-outs would let a frozen replica lock rows for good. */
async function refuseLostSettings(db: Kysely<Database>, connectionString: string): Promise<void> {
  // The address has a time-out of its own, which wins over ours.
  if (URL.parse(connectionString)?.searchParams.has('statement_timeout')) return;
  const { rows } = await sql<{ setting: string }>`
    select setting from pg_settings where name = 'statement_timeout'`.execute(db);
  if (rows[0]?.setting !== String(STATEMENT_TIMEOUT_MS)) throw pooled();
}

function pooled(cause?: unknown): DatabaseConfigurationError {
  return new DatabaseConfigurationError(
    'POOLED',
    'a pooler before Postgres drops the time-outs of our sessions: name Postgres itself in DATABASE_URL',
    { cause },
  );
}

function explain(error: unknown, failedMigration: string | undefined): unknown {
  if (error instanceof DatabaseConfigurationError) return error;
  if (classifyDatabaseError(error) === 'configuration') return explainRefusal(error);
  if (failedMigration !== undefined && readSqlState(error) !== undefined && !isTransient(error)) {
    return new MigrationError(`migration ${failedMigration} failed: ${String(error)}`, { cause: error });
  }
  return error;
}

/**
 * Whether the database has all our migrations and then newer ones: the state of an older service that is restarted
 * beside newer ones.
 *
 * @throws DatabaseConfigurationError when it has some that we do not know and lacks some of ours.
 */
async function runsOnNewer(db: Kysely<Database>, options: MigrateOptions): Promise<boolean> {
  const ours = Object.keys(options.migrations ?? allMigrations).toSorted();
  const recorded = await recordedMigrations(db);
  const unknown = recorded.filter((name) => !ours.includes(name));
  if (unknown.length === 0) return false;
  if (ours.some((name, index) => recorded[index] !== name)) {
    throw new DatabaseConfigurationError(
      'FOREIGN_SCHEMA',
      `the database has migrations that this version does not know (${unknown.join(', ')}) and lacks some of its own; deploy the version that made them or a later one`,
    );
  }
  options.onNewerSchema?.(unknown);
  return true;
}

/** Shutdowns, dropped connections, a standby, lack of resources, deadlocks, time-outs: the same migration works later. */
function isTransient(error: unknown): boolean {
  return /^(?:08|25006|40|53|55|57|58)/.test(readSqlState(error) ?? '08');
}

/** What a refusal of Postgres means, for a person who has to act. */
export function explainRefusal(error: unknown): DatabaseConfigurationError {
  const state = readSqlState(error) ?? '';
  const reason = errorMessage(error);
  if (refusesSettings(error)) return pooled(error);
  if (isDistrust(error)) {
    return new DatabaseConfigurationError(
      'NOT_TRUSTED',
      `no TLS with Postgres: ${reason}; check sslmode, sslrootcert and the host in DATABASE_URL`,
      { cause: error },
    );
  }
  if (state === '3D000') {
    return new DatabaseConfigurationError(
      'NO_DATABASE',
      `Postgres says: ${reason}; create the database, or correct the last part of DATABASE_URL`,
      { cause: error },
    );
  }
  if (state === '42501') {
    return new DatabaseConfigurationError(
      'NOT_PERMITTED',
      `Postgres says: ${reason}; the tables are not up to date, and the user of DATABASE_URL may not change them: run \`npm run rights -- database\` as their owner`,
      { cause: error },
    );
  }
  return new DatabaseConfigurationError(
    'ACCESS_REFUSED',
    `Postgres says: ${reason}; check the user and the password in DATABASE_URL, and pg_hba.conf`,
    { cause: error },
  );
}

/** Names in order; none when the database cannot be asked. */
async function recordedMigrations(db: Kysely<Database>): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
    return rows.map((row) => row.name).toSorted();
  } catch {
    return [];
  }
}
