import { randomUUID } from 'node:crypto';
import {
  type Database,
  type EventRow,
  type EventTable,
  eventTableColumns,
  eventTables,
  insertEvents,
} from '@wbor/database';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { AuditEvent } from '../intake/parse-event.ts';

/** What became of events that were stored together. Those that were there already are in neither number. */
export interface StoreResult {
  readonly newRows: Readonly<Record<EventTable, number>>;
  /** Those that are in `audit_rejected` since this call. */
  readonly rejected: readonly { readonly event: AuditEvent; readonly reason: string }[];
}

/**
 * Stores events in one transaction, each in its table. As a rule all are of one table: then their statement is one by itself.
 * @param timeoutMs how long a statement may take; without it as long as the connection allows.
 */
export async function insertAll(
  db: Kysely<Database>,
  events: readonly AuditEvent[],
  timeoutMs?: number,
): Promise<StoreResult> {
  // One order for all replicas: two that store the same redelivered events must not lock them crosswise.
  const sorted = events.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));
  const [only, ...others] = new Set(sorted.map(({ target }) => target.table));
  if (only !== undefined && only !== 'audit_rejected' && others.length === 0 && timeoutMs === undefined) {
    const newRows = emptyCounts();
    newRows[only] = await insertEvents(db, only, rowsOf(sorted, only));
    return { newRows, rejected: [] };
  }
  return db.transaction().execute(async (transaction) => {
    if (timeoutMs !== undefined) await limitStatements(transaction, timeoutMs);
    const newRows = emptyCounts();
    for (const table of eventTables) {
      newRows[table] = await insertEvents(transaction, table, rowsOf(sorted, table));
    }
    const rejected: { event: AuditEvent; reason: string }[] = [];
    for (const event of sorted) {
      if (event.target.table !== 'audit_rejected') continue;
      const { numInsertedOrUpdatedRows } = await transaction
        .insertInto('audit_rejected')
        .values(event.target.row)
        .onConflict((conflict) => conflict.column('event_id').doNothing())
        .executeTakeFirst();
      if (numInsertedOrUpdatedRows === 1n) rejected.push({ event, reason: event.target.row.error });
    }
    return { newRows, rejected };
  });
}

/**
 * Inserts a row that says nothing into each of the tables, and takes it back. A lock on a table, on the day's count,
 * or a Postgres without a place to write shows by it, which `select 1` does not show.
 *
 * @throws whatever keeps such a row out.
 */
export async function probeTables(
  db: Kysely<Database>,
  tables: ReadonlySet<AuditEvent['target']['table']>,
  timeoutMs: number,
): Promise<void> {
  const undo = new Error('the probe is taken back');
  const probe = db.transaction().execute(async (transaction) => {
    await limitStatements(transaction, timeoutMs);
    for (const table of eventTables) if (tables.has(table)) await insertBareRow(transaction, table);
    if (tables.has('audit_rejected')) await insertBareRejection(transaction);
    throw undo;
  });
  await probe.catch((error: unknown) => {
    if (error !== undo) throw error;
  });
}

async function insertBareRejection(transaction: Transaction<Database>): Promise<void> {
  const row = { event_id: randomUUID(), routing_key: '', headers: {}, body: Buffer.alloc(0), error: '' };
  await transaction.insertInto('audit_rejected').values(row).execute();
}

async function insertBareRow(transaction: Transaction<Database>, table: EventTable): Promise<void> {
  const nulls = Object.fromEntries(Object.keys(eventTableColumns[table]).map((column) => [column, null]));
  const id = randomUUID();
  // With an id of its own it is a new message, which the day's count would count.
  const row = { ...nulls, event_id: id, wbor_message_id: id, occurred_at: new Date(), payload: {} };
  await insertEvents(transaction, table, [row]);
}

async function limitStatements(transaction: Kysely<Database>, timeoutMs: number): Promise<void> {
  await sql`set local statement_timeout = ${sql.lit(timeoutMs)}`.execute(transaction);
}

function rowsOf<Table extends EventTable>(
  events: readonly AuditEvent[],
  table: Table,
): readonly EventRow<Table>[] {
  return events.flatMap(({ target }) => (target.table === table ? [target.row as EventRow<Table>] : []));
}

function emptyCounts(): Record<EventTable, number> {
  return Object.fromEntries(eventTables.map((table) => [table, 0])) as Record<EventTable, number>;
}
