import { NUMBER_REMOVED, type SoughtNumber } from '@wbor/phone';
import { type Kysely, sql } from 'kysely';
import type { Database } from '../tables.ts';
import type { RowCounts } from './removal.ts';

/** A body may have a megabyte. */
const AT_ONCE = 20;
const FIRST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * What could not be stored as an event may be anything in any encoding, so nothing is cut out of it: where the number or
 * one of the person's messages is named, the whole body goes.
 */
export async function blankRejected(
  db: Kysely<Database>,
  sought: SoughtNumber,
  messageIds: ReadonlySet<string>,
  counts: RowCounts,
): Promise<void> {
  let last = FIRST_ID;
  for (;;) {
    const { rows } = await sql<{ event_id: string; body: Buffer }>`
      select event_id, body from audit_rejected where event_id > ${last}::uuid order by event_id limit ${sql.lit(AT_ONCE)}
    `.execute(db);
    const meant = rows
      .filter(({ body }) => isAbout(body, sought, messageIds))
      .map(({ event_id }) => event_id);
    if (meant.length > 0) {
      await sql`update audit_rejected set body = '', headers = '{}', message_id = null, error = ${NUMBER_REMOVED}
        where event_id = any(${meant}::uuid[])`.execute(db);
      counts.add('audit_rejected', meant.length);
    }
    const end = rows.at(-1);
    if (end === undefined) return;
    last = end.event_id;
  }
}

/** Whether bytes hold the number or the id of one of these messages. */
export function isAbout(bytes: Buffer, sought: SoughtNumber, messageIds: ReadonlySet<string>): boolean {
  const text = bytes.toString();
  if (sought.isIn(text)) return true;
  // UTF-16, as far as it is ASCII.
  if (bytes.includes(0) && sought.isIn(text.replaceAll('\u0000', ''))) return true;
  for (const [word] of text.matchAll(/[\w.:-]{4,256}/g)) if (messageIds.has(word)) return true;
  return false;
}
