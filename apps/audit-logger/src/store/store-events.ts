import {
  classifyDatabaseError,
  type Database,
  describeDatabaseError,
  type EventTable,
  eventTables,
  insertEvents,
} from '@wbor/database';
import type { Kysely } from 'kysely';
import type { AuditEvent } from '../intake/parse-event.ts';

/** What became of a batch. Events that were there already are in neither number. */
export interface StoreResult {
  readonly newRows: Readonly<Record<EventTable, number>>;
  /** Those that are in `audit_rejected` since this call. */
  readonly rejected: readonly { readonly event: AuditEvent; readonly reason: string }[];
}

/**
 * Stores events, each in its table, in one transaction. When Postgres refuses a value, the batch is halved
 * down to the row at fault, and that one goes to `audit_rejected`.
 *
 * @throws whatever says that Postgres cannot do it now. Part of the batch may be stored by then; storing it
 *   again does no harm.
 */
export async function storeEvents(db: Kysely<Database>, events: readonly AuditEvent[]): Promise<StoreResult> {
  try {
    return await insertAll(db, events);
  } catch (error) {
    if (classifyDatabaseError(error) !== 'data') throw error;
    const [first] = events;
    if (events.length === 1 && first) {
      // A rejection that is refused as well is beyond us: it stays on the queue, where people see it.
      if (first.target.table === 'audit_rejected') throw error;
      return insertAll(db, [first.reject(describeDatabaseError(error))]);
    }
    const half = Math.ceil(events.length / 2);
    const left = await storeEvents(db, events.slice(0, half));
    const right = await storeEvents(db, events.slice(half));
    return merge(left, right);
  }
}

async function insertAll(db: Kysely<Database>, events: readonly AuditEvent[]): Promise<StoreResult> {
  // One order for all replicas: two that store the same redelivered events must not lock them crosswise.
  const sorted = events.toSorted((a, b) => (a.eventId < b.eventId ? -1 : 1));
  return db.transaction().execute(async (transaction) => {
    const newRows = emptyCounts();
    for (const table of eventTables) {
      const rows = sorted.flatMap(({ target }) => (target.table === table ? [target.row] : []));
      newRows[table] = await insertEvents(transaction, table, rows);
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

function emptyCounts(): Record<EventTable, number> {
  return Object.fromEntries(eventTables.map((table) => [table, 0])) as Record<EventTable, number>;
}

function merge(left: StoreResult, right: StoreResult): StoreResult {
  const newRows = emptyCounts();
  for (const table of eventTables) newRows[table] = left.newRows[table] + right.newRows[table];
  return { newRows, rejected: [...left.rejected, ...right.rejected] };
}
