import { type Kysely, sql } from 'kysely';
import { type Database, type EventRow, type EventTable, eventTableColumns } from './tables.ts';

/**
 * Inserts events; those whose `event_id` is already there are left alone.
 *
 * The rows travel as one JSON parameter. A VALUES list would need a bind parameter per cell, is half as
 * fast, and breaks at 65 535 of them.
 *
 * @returns how many rows were new.
 */
export async function insertEvents<Table extends EventTable>(
  db: Kysely<Database>,
  table: Table,
  rows: readonly EventRow<Table>[],
): Promise<number> {
  if (rows.length === 0) return 0;
  const columns = Object.entries(eventTableColumns[table]);
  const names = sql.join(columns.map(([name]) => sql.ref(name)));
  const types = sql.join(columns.map(([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)}`));
  const result = await sql`
    insert into ${sql.table(table)} (${names})
    select ${names} from json_to_recordset(${JSON.stringify(rows)}::json) as incoming(${types})
    on conflict (event_id) do nothing
  `.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}
