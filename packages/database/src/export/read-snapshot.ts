import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../tables.ts';
import { nextFetchCount } from './next-fetch-count.ts';

/** How a column's text is to be read. A bigint has up to 19 digits; bytes are base64; times ISO 8601 in UTC. */
export type ExportKind =
  | 'text'
  | 'integer'
  | 'bigint'
  | 'double'
  | 'boolean'
  | 'time'
  | 'date'
  | 'json'
  | 'bytes';

export interface ExportColumn {
  readonly name: string;
  readonly kind: ExportKind;
}

/** Every value as Postgres writes it, so that nothing is rounded on its way. */
export type ExportRow = Readonly<Record<string, string | null>>;

/** A table or view while it is read. */
export interface ExportedTable {
  readonly table: string;
  readonly columns: readonly ExportColumn[];
  /** In the order of their time; a few megabytes at once. To be read once. */
  readonly batches: AsyncIterable<readonly ExportRow[]>;
}

/** What can be exported, and the column by which a range of time is cut; null where there is none. */
export const exportableTables = {
  groupme_posts: 'occurred_at',
  groupme_images: 'occurred_at',
  groupme_callbacks: 'occurred_at',
  groupme_echoes: 'occurred_at',
  groupme_undisplayed: 'occurred_at',
  groupme_commands: 'occurred_at',
  groupme_ban_changes: 'occurred_at',
  audit_rejected: 'received_at',
  audit_removals: 'removed_at',
  groupme_messages: 'first_at',
  message_story: 'occurred_at',
  bans: 'banned_at',
  stats_overall: null,
  stats_by_source: null,
  stats_by_sender: null,
  stats_by_day: null,
} as const;
export type ExportableTable = keyof typeof exportableTables;

/** What is stored of what happened; the others are made of it. */
export const auditTables: readonly ExportableTable[] = [
  'groupme_posts',
  'groupme_images',
  'groupme_callbacks',
  'groupme_echoes',
  'groupme_undisplayed',
  'groupme_commands',
  'groupme_ban_changes',
  'audit_rejected',
  'audit_removals',
];

export interface ExportRange {
  /** Inclusive. */
  readonly since?: Date | undefined;
  /** Exclusive. */
  readonly until?: Date | undefined;
}

/**
 * Reads tables one after the other, all as they are at one moment, through a cursor of Postgres': memory does not grow
 * with their size. Rows without a time are left out when a range is given.
 *
 * @throws whatever Postgres or `use` throws.
 */
export async function readSnapshot(
  db: Kysely<Database>,
  tables: readonly ExportableTable[],
  range: ExportRange,
  use: (table: ExportedTable) => Promise<void>,
): Promise<void> {
  await db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (transaction) => {
      for (const table of tables) {
        const columns = await readColumns(transaction, table);
        await use({ table, columns, batches: readBatches(transaction, table, columns, range) });
      }
    });
}

async function* readBatches(
  db: Kysely<Database>,
  table: ExportableTable,
  columns: readonly ExportColumn[],
  { since, until }: ExportRange,
): AsyncGenerator<readonly ExportRow[]> {
  const time = exportableTables[table];
  const conditions = [
    ...(since && time ? [sql`${sql.ref(time)} >= ${since}`] : []),
    ...(until && time ? [sql`${sql.ref(time)} < ${until}`] : []),
  ];
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`;
  const order = time === null || table === 'message_story' ? sql`` : sql`order by ${sql.ref(time)}`;
  const cursor = sql.id(`export_${table}`);
  await sql`declare ${cursor} no scroll cursor for
    select ${sql.join(columns.map(asText))} from ${sql.table(table)} as exported ${where} ${order}`.execute(
    db,
  );
  let count = nextFetchCount(undefined);
  for (;;) {
    const { rows } = await sql<ExportRow>`fetch ${sql.lit(count)} from ${cursor}`.execute(db);
    if (rows.length === 0) break;
    yield rows;
    count = nextFetchCount(rows);
  }
  await sql`close ${cursor}`.execute(db);
}

function asText({ kind, name }: ExportColumn): RawBuilder<unknown> {
  const column = sql.ref(`exported.${name}`);
  const text =
    kind === 'time'
      ? sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
      : kind === 'bytes'
        ? sql`translate(encode(${column}, 'base64'), chr(10), '')`
        : sql`${column}::text`;
  return sql`${text} as ${sql.ref(name)}`;
}

const KINDS: Readonly<Record<string, ExportKind>> = {
  boolean: 'boolean',
  bytea: 'bytes',
  bigint: 'bigint',
  date: 'date',
  'double precision': 'double',
  integer: 'integer',
  jsonb: 'json',
  'timestamp with time zone': 'time',
};

async function readColumns(db: Kysely<Database>, table: string): Promise<ExportColumn[]> {
  const { rows } = await sql<{ name: string; type: string }>`
    select attname as name, format_type(atttypid, null) as type from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped order by attnum
  `.execute(db);
  return rows.map(({ name, type }) => ({ name, kind: KINDS[type] ?? 'text' }));
}
