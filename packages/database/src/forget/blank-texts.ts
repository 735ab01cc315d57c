import { randomUUID } from 'node:crypto';
import type { SoughtNumber } from '@wbor/phone';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../tables.ts';
import type { RowCounts } from './removal.ts';
import { rewriteJson } from './rewrite-json.ts';
import { type ScannedTable, scanTable } from './scan-table.ts';

/** Whose the messages are that the number sent. */
export interface OwnMessages {
  readonly ids: Set<string>;
  /** The number as `sender` has it. */
  readonly spellings: Set<string>;
}

/** Ids that name a message, and may be of a producer that makes them of numbers. */
const MESSAGE_IDS = ['wbor_message_id', 'about'];

/**
 * Puts `[number removed]` wherever the number stands in words of others, and finds the messages that are the person's
 * own. A message id that holds the number becomes another, the same in every table.
 */
export async function blankTexts(
  db: Kysely<Database>,
  tables: readonly ScannedTable[],
  sought: SoughtNumber,
  counts: RowCounts,
): Promise<OwnMessages> {
  const own: OwnMessages = { ids: new Set(), spellings: new Set() };
  const renamed = new Map<string, string>();
  for (const table of tables) {
    for (const { ctid, tableoid, values } of await scanTable(db, table, sought)) {
      const sender = senderIn(table, values);
      const isOwn = sender !== null && sought.isIn(sender);
      if (isOwn) {
        own.spellings.add(sender);
        if (values.wbor_message_id) own.ids.add(values.wbor_message_id);
      }
      for (const column of MESSAGE_IDS) {
        const id = values[column];
        if (id && sought.isIn(id)) renamed.set(id, renamed.get(id) ?? randomUUID());
      }
      const changes = changesIn(table, values, sought, isOwn);
      if (Object.keys(changes).length === 0) continue;
      await sql`update ${sql.table(table.name)} set ${sql.join(
        Object.entries(changes).map(([column, text]) =>
          table.documents.includes(column)
            ? sql`${sql.ref(column)} = ${text}::jsonb`
            : sql`${sql.ref(column)} = ${text}`,
        ),
      )} where tableoid = ${tableoid}::oid and ctid = ${ctid}::tid`.execute(db);
      if (!isOwn) counts.add(table.name, 1);
    }
  }
  for (const [id, replacement] of renamed) {
    await renameMessage(db, tables, id, replacement);
    if (own.ids.delete(id)) own.ids.add(replacement);
  }
  return own;
}

/** Who sent the message, in tables that say so. Of counts it is the name of what is counted. */
function senderIn({ name }: ScannedTable, values: Readonly<Record<string, string | null>>): string | null {
  if (name === 'message_counts') return values.scope === 'sender' ? (values.name ?? null) : null;
  return values.sender ?? null;
}

function changesIn(
  { documents, name, texts }: ScannedTable,
  values: Readonly<Record<string, string | null>>,
  sought: SoughtNumber,
  isOwn: boolean,
): Record<string, string> {
  const changes: Record<string, string> = {};
  // What becomes of the person's own rows is decided with all their messages at hand.
  const left = isOwn
    ? [...MESSAGE_IDS, 'sender', ...(name === 'message_counts' ? ['name'] : [])]
    : MESSAGE_IDS;
  for (const column of texts) {
    const text = values[column];
    if (text && !left.includes(column) && sought.isIn(text)) changes[column] = sought.blank(text);
  }
  for (const column of documents) {
    const document = values[column];
    if (!document) continue;
    let isChanged = false;
    const blanked = rewriteJson(document, (text) => {
      isChanged ||= sought.isIn(text);
      return sought.blank(text);
    });
    if (isChanged) changes[column] = blanked;
  }
  return changes;
}

async function renameMessage(
  db: Kysely<Database>,
  tables: readonly ScannedTable[],
  id: string,
  replacement: string,
): Promise<void> {
  for (const { name, texts } of tables) {
    for (const column of MESSAGE_IDS.filter((candidate) => texts.includes(candidate))) {
      await sql`update ${sql.table(name)} set ${sql.ref(column)} = ${replacement}
        where ${sql.ref(column)} = ${id}`.execute(db);
    }
  }
}

/** Where the number still stands: names of tables and columns. */
export async function findLeft(
  db: Kysely<Database>,
  tables: readonly ScannedTable[],
  sought: SoughtNumber,
): Promise<string[]> {
  const left = new Set<string>();
  for (const table of tables) {
    for (const { values } of await scanTable(db, table, sought)) {
      for (const column of [...table.texts, ...table.documents]) {
        const text = values[column];
        if (!text) continue;
        let isThere = false;
        if (table.documents.includes(column)) {
          rewriteJson(text, (part) => {
            isThere ||= sought.isIn(part);
            return part;
          });
        } else isThere = sought.isIn(text);
        if (isThere) left.add(`${table.name}.${column}`);
      }
    }
  }
  return [...left];
}
