import type { Database } from '@wbor/database';
import { type Kysely, sql } from 'kysely';
import { type FoundMessage, MAX_LISTED } from './found-message.ts';

/** Shorter beginnings fit by chance. */
export const MIN_PREFIX_LENGTH = 4;

/**
 * Messages whose id, or whose UID as the chat shows it, is this or begins with it: an id may equal what is shown of
 * another message, so an exact hit does not hide the others. At most a few more than are listed of each kind, in the order of
 * an index, however many there are.
 *
 * @param onlyWithSender leaves out messages without a sender.
 */
export async function findByUid(
  db: Kysely<Database>,
  uid: string,
  { onlyWithSender }: { readonly onlyWithSender: boolean },
): Promise<FoundMessage[]> {
  const small = uid.toLowerCase();
  // Phones begin a word with a capital.
  const ids = [...new Set([uid, small])];
  const isPrefix = uid.length >= MIN_PREFIX_LENGTH;
  const queries = [
    ...ids.map((id) => select(sql`wbor_message_id`, id, isPrefix, onlyWithSender)),
    select(sql`lower(shown_uid(wbor_message_id)) collate "C"`, small, isPrefix, onlyWithSender),
  ];
  const found = new Map<string, FoundMessage>();
  for (const query of queries) {
    for (const row of (await query.execute(db)).rows) found.set(row.wbor_message_id, row);
  }
  return [...found.values()];
}

/** Bounds and not LIKE: a plan that is made before the value is known uses the index all the same. */
function select(key: ReturnType<typeof sql>, value: string, isPrefix: boolean, onlyWithSender: boolean) {
  const upTo = isPrefix ? sql`${key} < ${`${value}\u{10FFFF}`}` : sql`${key} <= ${value}`;
  return sql<FoundMessage>`
    select wbor_message_id, first_at, source, sender, sender_name, text, blocked from groupme_messages
    where ${key} >= ${value} and ${upTo} ${onlyWithSender ? sql`and sender is not null` : sql``}
    order by ${key}, wbor_message_id limit ${MAX_LISTED + 1}`;
}
