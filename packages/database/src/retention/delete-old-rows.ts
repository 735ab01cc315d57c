import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../tables.ts';

/** Some 50 000 rows; a fraction of a second. */
const STRIDE_PAGES = 2_000;

/**
 * Deletes rows in the order in which they lie on the disk, some thousands in a transaction: nobody waits for it, and no
 * index is needed.
 *
 * @param table or a partition; of a partitioned table, each of its partitions must be named by itself.
 * @returns how many.
 */
export async function deleteWhere(
  db: Kysely<Database>,
  table: string,
  condition: RawBuilder<unknown>,
): Promise<number> {
  // Most often there is none, and most tables have an index to know it by.
  const { rows: found } = await sql`select from ${sql.table(table)} where ${condition} limit 1`.execute(db);
  if (found.length === 0) return 0;
  const { rows } = await sql<{ pages: number }>`
    select (pg_relation_size(${table}::regclass) / current_setting('block_size')::int)::int as pages
  `.execute(db);
  const pages = rows[0]?.pages ?? 0;
  let deleted = 0;
  for (let page = 0; page < pages; page += STRIDE_PAGES) {
    const { numAffectedRows } = await sql`
      delete from ${sql.table(table)}
      where ctid >= ${`(${page},0)`}::tid and ctid < ${`(${page + STRIDE_PAGES},0)`}::tid and (${condition})
    `.execute(db);
    deleted += Number(numAffectedRows ?? 0n);
  }
  return deleted;
}
