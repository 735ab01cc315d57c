import { digitForms, type SoughtNumber } from '@wbor/phone';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../tables.ts';

/** A table, as far as a number can stand in it. */
export interface ScannedTable {
  readonly name: string;
  /** Columns that hold texts. */
  readonly texts: readonly string[];
  /** Columns that hold JSON. */
  readonly documents: readonly string[];
}

/** A row that may hold the number, and where it is. */
interface Candidate {
  readonly ctid: string;
  /** Of the table or the partition that holds the row: a `ctid` is one there only. */
  readonly tableoid: string;
  readonly values: Readonly<Record<string, string | null>>;
}

/** GroupMe's ids of messages and members are numbers as well, and may have the same digits. */
const GROUPME_IDS = ['groupme_id', 'group_id', 'caller', 'callback_id', 'caller_id'];
const GROUPME_SENDERS = ['groupme_callbacks', 'groupme_echoes'];

/** What waits in it will be published as it is: a ban list that lacks a number would lift a ban. */
const OUTBOX = 'moderator_outbox';

/** Every table of ours, whatever a later migration adds. */
export async function listTables(db: Kysely<Database>): Promise<ScannedTable[]> {
  const { rows } = await sql<ScannedTable>`
    select relname as name,
      coalesce(array_agg(attname::text) filter (where typname in ('text', 'varchar')), '{}') as texts,
      coalesce(array_agg(attname::text) filter (where typname in ('json', 'jsonb')), '{}') as documents
    from pg_class
    join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    join pg_type on pg_type.oid = atttypid
    where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p') and not relispartition
      and relname not like 'kysely%'
    group by relname order by relname
  `.execute(db);
  return rows.map(({ documents, name, texts }) => ({
    name,
    documents,
    texts: texts.filter((column) => !isGroupMeId(name, column)),
  }));
}

function isGroupMeId(table: string, column: string): boolean {
  return GROUPME_IDS.includes(column) || (column === 'sender' && GROUPME_SENDERS.includes(table));
}

/**
 * Rows in which the number's digits stand in their order, whatever is between them: all that hold it, and some that do
 * not.
 */
export async function scanTable(
  db: Kysely<Database>,
  { documents, name, texts }: ScannedTable,
  { nationalDigits }: SoughtNumber,
): Promise<Candidate[]> {
  const columns = [...texts, ...documents];
  if (columns.length === 0) return [];
  const casts = columns.map((column) => sql`${sql.ref(`scanned.${column}`)}::text`);
  const pattern = [...nationalDigits].join('[^0-9]*');
  const [odd, plain] = oddDigits();
  // `offset 0` keeps Postgres from making the text anew wherever it is named.
  const { rows } = await sql<Candidate>`
    select scanned.ctid::text as ctid, scanned.tableoid::text as tableoid, json_build_object(${sql.join(
      columns.flatMap((column, index) => [sql.lit(column), casts[index]]),
    )}) as values
    from ${sql.table(name)} as scanned
    cross join lateral (select concat_ws(' ', ${sql.join(casts)}) as whole offset 0) as texts
    where ${name === OUTBOX ? sql`published_at is not null` : sql`true`} and case when octet_length(whole) = char_length(whole) then whole
      else translate(whole, ${odd}, ${plain}) end ~ ${pattern}
  `.execute(db);
  return rows;
}

/** Digits that are not ASCII, and beside it those that they are read as. */
function oddDigits(): [odd: string, plain: string] {
  let odd = '';
  let plain = '';
  for (const [digit, forms] of digitForms()) {
    for (const form of forms) {
      if (form === digit) continue;
      odd += form;
      plain += digit;
    }
  }
  return [odd, plain];
}
