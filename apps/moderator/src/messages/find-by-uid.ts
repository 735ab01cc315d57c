import type { Database } from '@wbor/database';
import { type Kysely, sql } from 'kysely';
import { type FoundMessage, MAX_LISTED } from './found-message.ts';
import { showUid } from './show.ts';

/** Shorter beginnings fit by chance. */
export const MIN_PREFIX_LENGTH = 4;
/** So many posts of one id are looked at for other senders: a script may have one id for all that it ever sends. */
const MAX_POSTS = 1_000;
/** Who speaks in a post without a sender. */
const SOURCE_OF_NOBODY = sql`case when sender is null then coalesce(source, '') end`;

/**
 * Messages whose id, or whose UID as the chat shows it, is this or begins with it: an id may equal what is shown of
 * another message, so an exact hit does not hide the others. At most a few more than are listed of each kind, in the order of
 * an index, however many there are. An id that several senders have used is there once for each of them.
 *
 * @param preferSender leaves out messages without a sender where some with one fit as well as they do.
 */
export async function findByUid(
  db: Kysely<Database>,
  uid: string,
  { preferSender }: { readonly preferSender: boolean },
): Promise<FoundMessage[]> {
  const rows = await select(db, uid, false);
  if (!preferSender) return withOtherSenders(db, rows);
  const all = await withOtherSenders(db, uniqueMessages([...(await select(db, uid, true)), ...rows]));
  const withSender = all.filter(({ sender }) => sender !== null);
  if (withSender.length === 0) return all;
  // The beginning of one message's id is no better than the whole of another's.
  const exact = all.filter((row) => isExactly(row, uid));
  return exact.length > 0 && exact.every(({ sender }) => sender === null)
    ? [...withSender, ...exact]
    : withSender;
}

/** Whether a UID names this message to the last character. */
export function isExactly({ wbor_message_id: id }: FoundMessage, uid: string): boolean {
  const small = uid.toLowerCase();
  return id === uid || id === small || showUid(id).toLowerCase() === small;
}

/** Each sender of each message once, or each source where it has no sender. */
export function uniqueMessages(rows: readonly FoundMessage[]): FoundMessage[] {
  const keyOf = ({ sender, source, wbor_message_id: id }: FoundMessage): string =>
    JSON.stringify(sender === null ? [id, null, source] : [id, sender]);
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()];
}

async function select(db: Kysely<Database>, uid: string, onlyWithSender: boolean): Promise<FoundMessage[]> {
  const small = uid.toLowerCase();
  // Phones begin a word with a capital.
  const ids = [...new Set([uid, small])];
  const isPrefix = uid.length >= MIN_PREFIX_LENGTH;
  const queries = [
    ...ids.map((id) => selectBy(sql`wbor_message_id`, id, isPrefix, onlyWithSender)),
    selectBy(sql`lower(shown_uid(wbor_message_id)) collate "C"`, small, isPrefix, onlyWithSender),
  ];
  const found: FoundMessage[] = [];
  for (const query of queries) found.push(...(await query.execute(db)).rows);
  return uniqueMessages(found);
}

/** Bounds and not LIKE: a plan that is made before the value is known uses the index all the same. */
function selectBy(key: ReturnType<typeof sql>, value: string, isPrefix: boolean, onlyWithSender: boolean) {
  const upTo = isPrefix ? sql`${key} < ${`${value}\u{10FFFF}`}` : sql`${key} <= ${value}`;
  return sql<FoundMessage>`
    select wbor_message_id, first_at, source, sender, sender_name, text, blocked from groupme_messages
    where ${key} >= ${value} and ${upTo} ${onlyWithSender ? sql`and sender is not null` : sql``}
    order by ${key}, wbor_message_id limit ${MAX_LISTED + 1}`;
}

/** A message is its first post, and ids are the producers' own: another post under the same id may be of somebody else. */
async function withOtherSenders(
  db: Kysely<Database>,
  rows: readonly FoundMessage[],
): Promise<FoundMessage[]> {
  if (rows.length === 0) return [];
  const ids = [...new Set(rows.map((row) => row.wbor_message_id))];
  const { rows: posts } = await sql<FoundMessage>`
    select distinct on (wbor_message_id, sender, ${SOURCE_OF_NOBODY}) wbor_message_id, occurred_at as first_at,
      left(coalesce(source, ''), 100) as source, sender, sender_name, left(text, 200) as text,
      coalesce(outcome = 'blocked', false) as blocked
    from unnest(${ids}::text[]) as wanted (id)
    cross join lateral (
      select * from groupme_posts where wbor_message_id = wanted.id limit ${MAX_POSTS}
    ) as posts
    order by wbor_message_id, sender, ${SOURCE_OF_NOBODY}, occurred_at
  `.execute(db);
  return uniqueMessages([...posts, ...rows]);
}
