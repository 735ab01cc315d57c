import { type CallbackEvent, callbackEvent, readMessage } from '@wbor/contracts';
import { storableText } from '@wbor/database';
import { plainText } from '../text/plain-text.ts';

/** A command as it was typed. */
export interface CommandCall {
  /** GroupMe's id of the message: the same however often the callback is delivered. */
  readonly callbackId: string;
  /** The WBOR id under which the audit keeps the callback. */
  readonly wborMessageId: string;
  /** In lower case, without the `!`. Empty for a lone `!`. */
  readonly command: string;
  /** What follows, trimmed, as `plainText` leaves it. */
  readonly argument: string;
  /** Whether it was too long, so that its end is not known. */
  readonly isCut: boolean;
  /** Whether something stands before the `!`: such a command is answered, not run, since it may be a quotation. */
  readonly isQuoted: boolean;
  /** GroupMe's id of the message that this one replies to. */
  readonly replyToId: string | undefined;
  readonly callerId: string;
  readonly callerName: string | undefined;
  /** When it was typed; undefined when that is not known. */
  readonly at: Date | undefined;
}

type CallbackReading =
  | { readonly kind: 'command'; readonly call: CommandCall }
  /** Talk, or a notice: nothing to do. */
  | { readonly kind: 'talk' }
  /** A command from an unauthorised sender: another group, a bot, a notice. */
  | { readonly kind: 'forged'; readonly reason: string; readonly callbackId: string }
  /** Not a valid callback. */
  | { readonly kind: 'broken'; readonly reason: string };

const MAX_ARGUMENT_LENGTH = 1_000;
/** GroupMe's texts have 1,000 characters; the plain form of some characters is eighteen. */
const MAX_TEXT_LENGTH = 2_000;
/** A key of an index; GroupMe's ids have 18 digits. */
const MAX_ID_LENGTH = 200;

/** Reads `source.groupme.callback`. Only a person of the configured group can give a command. */
export function readCommand(
  content: Uint8Array,
  groupId: string,
  publishedAt: Date | undefined,
  commandNames: readonly string[],
): CallbackReading {
  const reading = readMessage(callbackEvent, { content });
  if (!reading.ok) return { kind: 'broken', reason: reading.fault.message };
  const callback = reading.value;
  const typed = readTyped(callback.text ?? '', commandNames);
  // GroupMe may tell of a deletion by the same callback once more.
  if (typed === undefined || callback.deleted_at) return { kind: 'talk' };
  const reason = whyForged(callback, groupId);
  if (reason !== undefined) return { kind: 'forged', reason, callbackId: callback.id };
  return { kind: 'command', call: toCall(callback, typed, publishedAt) };
}

function whyForged(callback: CallbackEvent, groupId: string): string | undefined {
  if (callback.id.length > MAX_ID_LENGTH) return 'an id that GroupMe would not give';
  if (callback.sender_type?.toLowerCase() !== 'user') return 'not from a person';
  if (callback.system) return 'a notice of GroupMe';
  if (callback.group_id !== groupId) return 'another group';
  if (!callback.user_id && !callback.sender_id) return 'no sender';
  if (callback.user_id && callback.sender_id && callback.user_id !== callback.sender_id) return 'two senders';
  return undefined;
}

type Typed = Pick<CommandCall, 'command' | 'argument' | 'isCut' | 'isQuoted'>;

/**
 * Emoji keyboards have exclamation marks of their own; `plainText` knows the full-width one. Marks behind the name are no part
 * of the argument, unless a digit follows, which they may change: `!ban.5h`.
 */
const COMMAND =
  /^[!\u2757\u2755]+\s*([\p{L}\p{N}_'’]*)(?:[:;\u2012-\u2015]+|[^\p{L}\p{N}\s]*(?!\p{N}))\s*([\s\S]*)$/u;
/** What the phone puts before a text that is meant for somebody. */
const MENTION = /^@[^!\n]{1,80}?\s(?=[^\p{L}\p{N}!\u2757\u2755]{0,20}[!\u2757\u2755])/u;
/** A quote, a bullet, an emoji. */
const BEFORE_MARK = /^[^\p{L}\p{N}!\u2757\u2755]{1,20}(?=[!\u2757\u2755])/u;

/**
 * Reads a text that begins with `!`; undefined for talk. Behind a mention or other marks it is one only if the command
 * exists: people talk about exclamation marks.
 */
function readTyped(raw: string, commandNames: readonly string[]): Typed | undefined {
  const text = plainText(storableText(raw.slice(0, MAX_TEXT_LENGTH))).trim();
  const said = text.replace(MENTION, '');
  const [, name = '', rest = ''] = COMMAND.exec(said.replace(BEFORE_MARK, '')) ?? [];
  const command = name.toLowerCase();
  if (!/^[!\u2757\u2755]/u.test(text) && !commandNames.includes(command)) return undefined;
  const argument = rest.trim();
  return {
    command,
    argument: argument.slice(0, MAX_ARGUMENT_LENGTH).toWellFormed(),
    isCut: raw.length > MAX_TEXT_LENGTH || argument.length > MAX_ARGUMENT_LENGTH,
    isQuoted: BEFORE_MARK.test(said),
  };
}

function toCall(callback: CallbackEvent, typed: Typed, publishedAt: Date | undefined): CommandCall {
  const reply = callback.attachments?.find(({ type }) => type === 'reply');
  const replyToId = reply?.reply_id;
  return {
    callbackId: storableText(callback.id),
    wborMessageId: storableText(callback.wbor_message_id),
    ...typed,
    replyToId: typeof replyToId === 'string' && replyToId !== '' ? storableText(replyToId) : undefined,
    callerId: storableText(callback.user_id || callback.sender_id || ''),
    callerName: callback.name ? storableText(callback.name) : undefined,
    at: typedAt(callback.created_at, publishedAt),
  };
}

/** GroupMe's clock and ours differ by no more. */
const CLOCKS_APART_MS = 5 * 60_000;

/** A command that claims to come from the future would never be too old. */
function typedAt(createdAt: number | null | undefined, publishedAt: Date | undefined): Date | undefined {
  if (typeof createdAt !== 'number') return publishedAt;
  const at = new Date(createdAt * 1000);
  if (publishedAt && at.getTime() > publishedAt.getTime() + CLOCKS_APART_MS) return publishedAt;
  return Number.isNaN(at.getTime()) ? undefined : at;
}
