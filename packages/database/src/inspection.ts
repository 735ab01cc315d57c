import { type Kysely, sql } from 'kysely';
import { classifyDatabaseError } from './classify-error.ts';
import { createDatabase } from './create-database.ts';
import { explainRefusal } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import type { Database } from './tables.ts';

/** A look at a database, which changes nothing there. */
export interface DatabaseInspection {
  /** As Postgres says: `18.1`. */
  readonly version: string;
  /** Of the version, the part before the dot. */
  readonly majorVersion: number;
  /** Postgres's clock, in epoch milliseconds. */
  readonly clockMs: number;
  /** A standby, or a database whose transactions may not write. */
  readonly isReadOnly: boolean;
  /** Migrations that were run and are ours, in order. */
  readonly done: readonly string[];
  /** Migrations of ours that were not run. */
  readonly pending: readonly string[];
  /** Migrations that were run and that this version does not know. */
  readonly unknown: readonly string[];
}

/**
 * Connects once.
 *
 * @throws DatabaseConfigurationError on wrong credentials or a missing database; whatever the query threw when Postgres is away.
 */
export async function inspectDatabase(connectionString: string): Promise<DatabaseInspection> {
  const { db, close } = createDatabase({
    connectionString,
    maxConnections: 1,
    applicationName: 'doctor',
    statementTimeoutMs: 5_000,
  });
  try {
    const { rows } = await sql<{ version: string; number: number; clock: number; readOnly: boolean }>`
      select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
        (extract(epoch from clock_timestamp()) * 1000)::float8 as clock,
        pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as "readOnly"
    `.execute(db);
    const [row] = rows;
    if (row === undefined) throw new Error('Postgres gave no answer');
    const recorded = await readMigrations(db);
    const ours = Object.keys(migrations).toSorted();
    return {
      version: row.version,
      majorVersion: Math.floor(row.number / 10_000),
      clockMs: row.clock,
      isReadOnly: row.readOnly,
      done: ours.filter((name) => recorded.includes(name)),
      pending: ours.filter((name) => !recorded.includes(name)),
      unknown: recorded.filter((name) => !ours.includes(name)),
    };
  } catch (error) {
    throw classifyDatabaseError(error) === 'configuration' ? explainRefusal(error) : error;
  } finally {
    await close();
  }
}

/** Names in order. A user that may not read them is an error: it is not as if there were none. */
async function readMigrations(db: Kysely<Database>): Promise<string[]> {
  const { rows: found } = await sql<{ found: boolean }>`
    select to_regclass('kysely_migration') is not null as found
  `.execute(db);
  if (found[0]?.found !== true) return [];
  const { rows } = await sql<{ name: string }>`select name from kysely_migration`.execute(db);
  return rows.map(({ name }) => name).toSorted();
}
