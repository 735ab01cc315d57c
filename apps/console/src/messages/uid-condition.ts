import { type RawBuilder, sql } from 'kysely';

/** Shorter beginnings fit by chance. */
const MIN_PREFIX_LENGTH = 4;
/** More than these are not looked through. */
const MAX_FITTING = 200;

/** Messages whose id, or whose UID as the chat shows it, is this or begins with it; for `where` on groupme_messages. */
export function uidCondition(uid: string): RawBuilder<unknown> {
  const small = uid.toLowerCase();
  // Phones begin a word with a capital.
  const branches = [...new Set([uid, small])].map((id) => branch(sql`wbor_message_id`, id));
  branches.push(branch(sql`lower(shown_uid(wbor_message_id)) collate "C"`, small));
  return sql`wbor_message_id in (${sql.join(branches, sql` union all `)})`;
}

/** Bounds and not LIKE: the index is used whatever the value is. */
function branch(key: RawBuilder<unknown>, value: string): RawBuilder<unknown> {
  const end =
    value.length >= MIN_PREFIX_LENGTH ? sql`${key} < ${`${value}\u{10FFFF}`}` : sql`${key} <= ${value}`;
  return sql`(select wbor_message_id from groupme_messages where ${key} >= ${value} and ${end}
    order by ${key}, wbor_message_id limit ${MAX_FITTING})`;
}
