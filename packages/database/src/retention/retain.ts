import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../tables.ts';
import { eventTables } from '../tables.ts';
import { deleteWhere } from './delete-old-rows.ts';
import { dropMonths, listEnded, makeMonths } from './month-partitions.ts';
import { monthStart } from './months.ts';

export interface RetentionLimits {
  /** Events before this are removed; undefined keeps all. A month's partition goes as a whole: give the start of one. */
  readonly auditFrom: Date | undefined;
  /** What members wrote in the chat before this is removed; undefined keeps it as long as the rest. */
  readonly chatFrom: Date | undefined;
}

export interface RetentionOptions extends RetentionLimits {
  readonly now: Date;
  /** Removes and makes nothing. */
  readonly dryRun: boolean;
}

export interface RetentionResult {
  /** Partitions that were made. */
  readonly made: readonly string[];
  /** Partitions that were dropped, or would be. */
  readonly dropped: readonly string[];
  /** Rows that were deleted one by one, or would be, by table; those of dropped partitions are not among them. */
  readonly deleted: Readonly<Record<string, number>>;
}

/** So that a month in which nobody runs this does no harm. */
const MONTHS_AHEAD = 3;

/**
 * Makes partitions of the months to come, drops those that are over their time, and deletes other old rows. Counts stay.
 * Must be run as the owner of the tables. May be broken off and run again at any time.
 */
export async function retainAudit(db: Kysely<Database>, options: RetentionOptions): Promise<RetentionResult> {
  const { auditFrom, dryRun, now } = options;
  const made =
    dryRun || auditFrom === undefined ? [] : await makeMonths(db, now, monthStart(now, MONTHS_AHEAD));
  const dropped = auditFrom === undefined ? [] : await drop(db, auditFrom, dryRun);
  const deleted: Record<string, number> = {};
  for (const { condition, table } of oldRows(options)) {
    for (const part of await listParts(db, table)) {
      if (dropped.includes(part)) continue;
      const count = dryRun ? await countWhere(db, part, condition) : await deleteWhere(db, part, condition);
      if (count > 0) deleted[table] = (deleted[table] ?? 0) + count;
    }
  }
  return { made, dropped, deleted };
}

async function drop(db: Kysely<Database>, before: Date, dryRun: boolean): Promise<string[]> {
  return dryRun ? (await listEnded(db, before)).map(({ name }) => name) : dropMonths(db, before);
}

interface OldRows {
  readonly table: string;
  readonly condition: RawBuilder<unknown>;
}

/** What is removed, and of which table. The moderator's own tables are its own to tidy. */
function oldRows({ auditFrom, chatFrom }: RetentionLimits): OldRows[] {
  const ofAudit =
    auditFrom === undefined
      ? []
      : [
          ...eventTables.map((table) => ({ table, condition: sql`occurred_at < ${auditFrom}` })),
          { table: 'audit_rejected', condition: sql`received_at < ${auditFrom}` },
          { table: 'groupme_messages', condition: sql`first_at < ${auditFrom}` },
        ];
  const ofChat =
    chatFrom === undefined
      ? []
      : [
          { table: 'groupme_callbacks', condition: sql`occurred_at < ${chatFrom}` },
          {
            table: 'audit_rejected',
            condition: sql`received_at < ${chatFrom} and routing_key = 'source.groupme.callback'`,
          },
        ];
  return [...ofAudit, ...ofChat];
}

/** Partitions, or the table itself where it has none. */
async function listParts(db: Kysely<Database>, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_partition_tree(${table}::regclass) join pg_class on pg_class.oid = relid where isleaf
  `.execute(db);
  return rows.length === 0 ? [table] : rows.map(({ name }) => name);
}

async function countWhere(
  db: Kysely<Database>,
  table: string,
  condition: RawBuilder<unknown>,
): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select count(*) from ${sql.table(table)} where ${condition}`.execute(db);
  return Number(rows[0]?.count ?? 0);
}
