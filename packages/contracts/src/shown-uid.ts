import { createHash } from 'node:crypto';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Nothing but what a phone types without a second thought, and long enough to be looked for. */
const TYPABLE = /^[a-z0-9]{4,12}$/;

/**
 * The UID by which the chat shows a message and finds it again: what `!ban`, `!who` and `!stats` take.
 *
 * - Of a UUID it is the first eight characters, as it always was.
 * - An id of 4 to 12 lower-case letters and digits is shown as it is.
 * - Of any other it is the first eight hexadecimal digits of its MD5. What comes before its first `-` is the same for
 *   all messages of many a script, and what is long or odd is not typed on a phone. MD5, since Postgres has it as an
 *   immutable function of a text, which an index can be made of: `left(md5(wbor_message_id), 8)`. It guards nothing:
 *   eight digits of whatever hash could be forged.
 */
export function shownUid(messageId: string): string {
  if (UUID.test(messageId)) return messageId.slice(0, 8);
  if (TYPABLE.test(messageId)) return messageId;
  return createHash('md5').update(messageId, 'utf8').digest('hex').slice(0, 8);
}
