import { type CallbackEvent, callbackEvent, readMessage } from '@wbor/contracts';
import { storableText } from '@wbor/database';

/** A command as it was typed. */
export interface CommandCall {
  /** GroupMe's id of the message: the same however often the callback is delivered. */
  readonly callbackId: string;
  /** The WBOR id under which the audit keeps the callback. */
  readonly wborMessageId: string;
  /** In lower case, without the `!`. Empty for a lone `!`. */
  readonly command: string;
  /** What follows, trimmed. */
  readonly argument: string;
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
/** A key of an index; GroupMe's ids have 18 digits. */
const MAX_ID_LENGTH = 200;

/** Reads `source.groupme.callback`. Only a person of the configured group can give a command. */
export function readCommand(
  content: Uint8Array,
  groupId: string,
  publishedAt: Date | undefined,
): CallbackReading {
  const reading = readMessage(callbackEvent, { content });
  if (!reading.ok) return { kind: 'broken', reason: reading.fault.message };
  const callback = reading.value;
  const text = storableText(callback.text ?? '').trim();
  // GroupMe may tell of a deletion by the same callback once more.
  if (!text.startsWith('!') || callback.deleted_at) return { kind: 'talk' };
  const reason = whyForged(callback, groupId);
  if (reason !== undefined) return { kind: 'forged', reason, callbackId: callback.id };
  return { kind: 'command', call: toCall(callback, text, publishedAt) };
}

function whyForged(callback: CallbackEvent, groupId: string): string | undefined {
  if (callback.id.length > MAX_ID_LENGTH) return 'an id that GroupMe would not give';
  if (callback.sender_type !== 'user') return 'not from a person';
  if (callback.system === true) return 'a notice of GroupMe';
  if (callback.group_id !== groupId) return 'another group';
  if (!callback.user_id && !callback.sender_id) return 'no sender';
  return undefined;
}

function toCall(callback: CallbackEvent, text: string, publishedAt: Date | undefined): CommandCall {
  const [, command = '', argument = ''] = /^!\s*(\S*)\s*([\s\S]*)$/u.exec(text) ?? [];
  const reply = callback.attachments?.find(({ type }) => type === 'reply');
  const replyToId = reply?.reply_id;
  return {
    callbackId: storableText(callback.id),
    wborMessageId: storableText(callback.wbor_message_id),
    command: command.toLowerCase(),
    argument: argument.trim().slice(0, MAX_ARGUMENT_LENGTH).toWellFormed(),
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
