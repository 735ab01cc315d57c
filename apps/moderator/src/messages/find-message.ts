import type { Database, MessagesTable } from '@wbor/database';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { CommandCall } from '../intake/read-command.ts';
import { describeText, maskNumber, shorten, showTime, showUid } from './show.ts';

type FoundMessage = Selectable<MessagesTable>;

/** What a UID stands for. */
type MessageLookup =
  /** At least one message, all of one sender, or none of them with any. Newest first. */
  | { readonly kind: 'found'; readonly message: FoundMessage; readonly rest: string }
  /** A reply that says what is wrong. */
  | { readonly kind: 'not-found'; readonly reply: string };

/** Shorter ones fit by chance. */
const MIN_PREFIX_LENGTH = 4;
const MAX_UID_LENGTH = 128;
const MAX_LISTED = 5;

/**
 * Finds the message that a command is about: by the UID that the argument begins with, or by the message that the
 * command replies to. In a reply only what looks like a full UID is taken for one, since the rest of the
 * argument is free text.
 */
export async function findMessage(db: Kysely<Database>, call: CommandCall): Promise<MessageLookup> {
  const [, typed = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/u.exec(call.argument) ?? [];
  // People copy `<UID>` from the help text, with its brackets.
  const uid = typed.replace(/^<+|>+$/g, '');
  if (call.replyToId !== undefined && !/^[0-9a-f]{8}(?:-[0-9a-f-]+)?$/i.test(uid)) {
    return findReplied(db, call.replyToId, call.argument);
  }
  if (uid === '') return missing(`Which message? Type its UID: !${call.command} <UID>`);
  if (uid.length > MAX_UID_LENGTH) return missing('That is too long for a UID.');
  if (uid.length < MIN_PREFIX_LENGTH) {
    return missing(`Please give at least the first ${MIN_PREFIX_LENGTH} characters of the UID.`);
  }
  // Phones begin a word with a capital.
  const typedRows = await findByPrefix(db, uid);
  const rows = typedRows.length > 0 ? typedRows : await findByPrefix(db, uid.toLowerCase());
  return choose(rows, uid, rest);
}

/** At most one more than is listed, in the order of the ids: an index alone answers, however many there are. */
async function findByPrefix(db: Kysely<Database>, prefix: string): Promise<FoundMessage[]> {
  const exact = await db
    .selectFrom('groupme_messages')
    .selectAll()
    .where('wbor_message_id', '=', prefix)
    .execute();
  if (exact.length > 0) return exact;
  // Bounds and not LIKE: a plan that is made before the value is known uses the index all the same.
  return db
    .selectFrom('groupme_messages')
    .selectAll()
    .where('wbor_message_id', '>=', prefix)
    .where('wbor_message_id', '<', `${prefix}\u{10FFFF}`)
    .orderBy('wbor_message_id')
    .limit(MAX_LISTED + 1)
    .execute();
}

/** `uid` is empty for a message that was replied to. */
function choose(rows: readonly FoundMessage[], uid: string, rest: string): MessageLookup {
  const newest = rows.toSorted((a, b) => b.first_at.getTime() - a.first_at.getTime());
  const [message] = newest;
  if (!message) {
    return missing(
      uid === ''
        ? 'I keep no record of the message that you replied to; my own answers are such. Type a UID instead.'
        : `I know no message with the UID ${shownUid(uid)}.`,
    );
  }
  const senders = new Set(rows.map((row) => row.sender ?? `no sender, ${row.source}`));
  if (senders.size === 1 && rows.length <= MAX_LISTED) return { kind: 'found', message, rest };
  const lines = newest.slice(0, MAX_LISTED).map((row) => `${longerUid(row)} ${describeMessage(row)}`);
  const more = rows.length > MAX_LISTED ? '\n… and more.' : '';
  return missing(`${shownUid(uid)} fits several messages. Type more of the UID:\n${lines.join('\n')}${more}`);
}

/**
 * The bot's echo knows GroupMe's id, the post knows ours; text, picture and time join them. Where that fails,
 * the footer of the post holds the UID.
 */
async function findReplied(db: Kysely<Database>, groupMeId: string, rest: string): Promise<MessageLookup> {
  const { rows } = await sql<{ wbor_message_id: string }>`
    select distinct post.wbor_message_id
    from groupme_echoes echo
    join groupme_posts post on post.occurred_at between echo.occurred_at - interval '10 minutes'
        and echo.occurred_at + interval '1 minute'
      and coalesce(post.text, '') = coalesce(echo.text, '')
      and coalesce(post.picture_url, '') = coalesce(echo.picture_url, '')
      and coalesce(post.outcome, 'delivered') in ('delivered', 'unknown', 'already-sent')
    where echo.groupme_id = ${groupMeId} and post.wbor_message_id is not null
    limit 2
  `.execute(db);
  const [only] = rows;
  if (only && rows.length === 1) return choose(await findByPrefix(db, only.wbor_message_id), '', rest);
  const echo = await db
    .selectFrom('groupme_echoes')
    .select('text')
    .where('groupme_id', '=', groupMeId)
    .limit(1)
    .executeTakeFirst();
  const [, uid] = /---UID---\n(\S{4,128})(?:\n|$)/.exec(echo?.text ?? '') ?? [];
  if (uid !== undefined) return choose(await findByPrefix(db, uid), uid, rest);
  return missing('I do not know the message that you replied to. Type its UID instead.');
}

/** "SMS from …0123, Nov 24, 3:20 PM, “Hello”". */
function describeMessage(message: FoundMessage): string {
  const from =
    message.sender === null
      ? `${shorten(message.source, 40) || 'unknown source'} (no sender)`
      : `from ${maskNumber(message.sender)}`;
  return `${from}, ${showTime(message.first_at)}, ${describeText(message)}`;
}

function longerUid(message: FoundMessage): string {
  return message.wbor_message_id.length > 24 ? message.wbor_message_id.slice(0, 13) : message.wbor_message_id;
}

/** What was typed is repeated in the chat, so it is kept short. */
function shownUid(uid: string): string {
  return uid === '' ? 'That' : Array.from(showUid(uid)).slice(0, 24).join('');
}

function missing(reply: string): MessageLookup {
  return { kind: 'not-found', reply };
}
