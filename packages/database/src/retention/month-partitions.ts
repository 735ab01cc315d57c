import { type Kysely, sql } from 'kysely';
import { readSqlState } from '../classify-error.ts';
import type { Database } from '../tables.ts';
import { firstIdAt, monthName, monthStart } from './months.ts';
import { withShortLocks } from './short-locks.ts';

/** Tables whose ids begin with a time as a rule, with partitions by it. What fits into none is in `…_rest`. */
const partitionedTables = ['groupme_posts', 'groupme_images'] as const;
type PartitionedTable = (typeof partitionedTables)[number];

interface MonthPartition {
  readonly table: PartitionedTable;
  /** Of the partition. */
  readonly name: string;
  /** When the month after it begins. */
  readonly end: Date;
}

/** Rows of that month are in the default partition already, where they stay. */
const CHECK_VIOLATION = '23514';

/**
 * Makes the partitions of the months that begin from `from` to `to`, as far as they are not there.
 *
 * @returns names of those that were made.
 */
export async function makeMonths(db: Kysely<Database>, from: Date, to: Date): Promise<string[]> {
  const made: string[] = [];
  for (const table of partitionedTables) {
    const known = new Set((await listMonths(db, table)).map(({ name }) => name));
    for (let start = monthStart(from); start <= to; start = monthStart(start, 1)) {
      const name = `${table}_${monthName(start)}`;
      if (known.has(name)) continue;
      if (await makeMonth(db, table, name, start)) made.push(name);
    }
  }
  return made;
}

/**
 * Drops the partitions of months that ended by `before`. One that holds anything later stays: an id may be a random
 * one that only looks like a time, or of a machine whose clock was wrong.
 *
 * @returns names of those that were dropped.
 */
export async function dropMonths(db: Kysely<Database>, before: Date): Promise<string[]> {
  const dropped: string[] = [];
  for (const month of await listEnded(db, before)) {
    const isDropped = await withShortLocks(db, async (transaction) => {
      await sql`lock table ${sql.table(month.table)} in access exclusive mode`.execute(transaction);
      const { rows } =
        await sql`select from ${sql.table(month.name)} where occurred_at >= ${before} limit 1`.execute(
          transaction,
        );
      if (rows.length > 0) return false;
      await sql`drop table ${sql.table(month.name)}`.execute(transaction);
      return true;
    });
    if (isDropped) dropped.push(month.name);
  }
  return dropped;
}

/** Partitions whose month ended by `before`. */
export async function listEnded(db: Kysely<Database>, before: Date): Promise<MonthPartition[]> {
  const months = await Promise.all(partitionedTables.map((table) => listMonths(db, table)));
  return months.flat().filter(({ end }) => end <= before);
}

async function listMonths(db: Kysely<Database>, table: PartitionedTable): Promise<MonthPartition[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = ${table}::regclass order by relname
  `.execute(db);
  return rows.flatMap(({ name }) => {
    const [, year, month] = /_(\d{4})_(\d\d)$/.exec(name) ?? [];
    return year === undefined ? [] : [{ table, name, end: new Date(Date.UTC(Number(year), Number(month))) }];
  });
}

async function makeMonth(
  db: Kysely<Database>,
  table: PartitionedTable,
  name: string,
  start: Date,
): Promise<boolean> {
  const [first, end] = [firstIdAt(start), firstIdAt(monthStart(start, 1))];
  try {
    await withShortLocks(db, async (transaction) => {
      // Made apart and then attached: that holds up nobody but those who need the default partition.
      await sql`create table ${sql.table(name)} (like ${sql.table(table)} including defaults including indexes)`.execute(
        transaction,
      );
      await sql`alter table ${sql.table(table)} attach partition ${sql.table(name)}
        for values from (${sql.lit(first)}) to (${sql.lit(end)})`.execute(transaction);
    });
    return true;
  } catch (error) {
    if (readSqlState(error) === CHECK_VIOLATION) return false;
    throw error;
  }
}
