import { shorten } from '@wbor/message-text';
import type { SenderNormaliser } from '@wbor/phone';
import type { CommandContext } from '../commands/types.ts';
import { findByUid, isExactly, MIN_PREFIX_LENGTH, uniqueMessages } from './find-by-uid.ts';
import { findReplied } from './find-replied.ts';
import {
  choose,
  describeMessage,
  type FoundMessage,
  type MessageLookup,
  missing,
  senderOf,
} from './found-message.ts';
import { isSurelyUid, readUid, type TypedUid } from './read-uid.ts';

const MAX_UID_LENGTH = 128;
/** What was typed is repeated in the chat, so it is kept short. */
const MAX_REPEATED_LENGTH = 24;
const TYPE_ONE = 'Type the UID of the one you mean';

type LookupContext = Pick<CommandContext, 'db' | 'call' | 'clock' | 'normaliseSender'>;

export interface LookupOptions {
  /**
   * Whether somebody's ban depends on it. Then a message with a sender is meant where a UID fits such and others equally
   * well, and a UID of somebody else beside a reply is asked about.
   */
  readonly forBan?: boolean;
}

/** What a reading of a UID finds. */
interface Hit {
  readonly reading: TypedUid;
  readonly messages: readonly FoundMessage[];
}

/**
 * Finds the message that a command is about: by the UID that the argument begins with, or by the message that the
 * command replies to. In a reply only what looks like a full UID is taken for one, since the rest of the
 * argument is free text.
 */
export async function findMessage(
  context: LookupContext,
  { forBan = false }: LookupOptions = {},
): Promise<MessageLookup> {
  const { call } = context;
  const readings = readUid(call.argument);
  if (call.replyToId === undefined) return lookUpTyped(context, readings, forBan);
  const isSure = readings.some(({ uid }) => isSurelyUid(uid));
  if (isSure && !forBan) return lookUpTyped(context, readings, forBan);
  const replied = await findReplied(context.db, call.replyToId);
  const hits = forBan ? await findHitsBesideReply(context, readings) : [];
  const compared = compare(context, replied.messages, hits);
  if (compared) return compared;
  return isSure ? lookUpTyped(context, readings, forBan) : describeReplied(context, replied, forBan);
}

async function lookUpTyped(
  context: LookupContext,
  readings: readonly TypedUid[],
  forBan: boolean,
): Promise<MessageLookup> {
  const hits = await findHits(context, readings, forBan);
  return chooseOf(context, hits) ?? notFound(context.call.command, readings);
}

/** Those that fit to the last character, by whatever reading, count before those that merely begin like it. */
async function findHits(
  { db, normaliseSender }: LookupContext,
  readings: readonly TypedUid[],
  preferSender: boolean,
): Promise<Hit[]> {
  const hits: Hit[] = [];
  for (const reading of readings.filter(isUsable)) {
    const found = await findByUid(db, reading.uid, { preferSender });
    const messages = withoutBeginnings(found, reading.uid, normaliseSender);
    if (messages.length > 0) hits.push({ reading, messages });
  }
  const exact = hits.filter(({ reading, messages }) => messages.some((row) => isExactly(row, reading.uid)));
  return exact.length > 0 ? exact : hits;
}

/** Whose UID fits to the last character is not meant by another message that merely begins like it. */
function withoutBeginnings(
  messages: readonly FoundMessage[],
  uid: string,
  normaliseSender: SenderNormaliser,
): FoundMessage[] {
  const exact = messages.filter((row) => isExactly(row, uid));
  const senders = new Set(exact.map((row) => senderOf(row, normaliseSender)));
  return messages.filter((row) => exact.includes(row) || !senders.has(senderOf(row, normaliseSender)));
}

/** In a reply a word of free text is a UID only if it is the whole of one. */
async function findHitsBesideReply(context: LookupContext, readings: readonly TypedUid[]): Promise<Hit[]> {
  const hits = await findHits(context, readings, true);
  return hits
    .map(({ reading, messages }) => ({
      reading,
      messages: messages.filter((row) => isSurelyUid(reading.uid) || isExactly(row, reading.uid)),
    }))
    .filter(({ messages }) => messages.length > 0);
}

/** Of several readings the most literal says what follows the UID. Where they mean several senders, nobody is meant. */
function chooseOf(context: LookupContext, hits: readonly Hit[]): MessageLookup | undefined {
  const messages = uniqueMessages(hits.flatMap((hit) => hit.messages));
  const { uid = '', rest = '' } = hits[0]?.reading ?? {};
  const isWhole = messages.some((row) => isExactly(row, uid));
  const advice = isWhole
    ? 'Reply to the one you mean, or type its UID if that is longer'
    : 'Type more of the UID, or reply to the message';
  return choose(messages, { ...context, typed: repeat(uid), advice, rest });
}

/**
 * A UID beside a reply may say which of several messages with the same words is meant. Else both must be of one sender;
 * undefined where there are not both.
 */
function compare(
  context: LookupContext,
  replied: readonly FoundMessage[],
  hits: readonly Hit[],
): MessageLookup | undefined {
  const [hit] = hits;
  if (!hit || replied.length === 0) return undefined;
  const typed = hits.flatMap(({ messages }) => messages);
  const uid = repeat(hit.reading.uid);
  // What need not be a UID may as well be a length.
  const rest = isSurelyUid(hit.reading.uid) ? hit.reading.rest : context.call.argument;
  const both = replied.filter((row) => typed.some((other) => other.wbor_message_id === row.wbor_message_id));
  const meant = both.length > 0 ? both : uniqueMessages([...replied, ...typed]);
  const lookup = choose(meant, { ...context, typed: uid, advice: TYPE_ONE, rest });
  if (lookup?.kind === 'found' || both.length > 0) return lookup;
  const describe = (rows: readonly FoundMessage[]): string =>
    rows
      .slice(0, 2)
      .map((row) => describeMessage(row, context.clock))
      .join(' or ');
  return missing(
    `You replied to a message ${describe(replied)}, but ${uid} is one ${describe(typed)}, so nothing was done. Type the UID without a reply, or reply with other words.`,
  );
}

function isUsable({ uid }: TypedUid): boolean {
  return uid !== '' && uid.length <= MAX_UID_LENGTH;
}

function notFound(command: string, readings: readonly TypedUid[]): MessageLookup {
  const best = readings.findLast(isUsable)?.uid;
  if (best === undefined) {
    return readings.some(({ uid }) => uid.length > MAX_UID_LENGTH)
      ? missing('That is too long for a UID.')
      : missing(`Which message? Type its UID: !${command} <UID>`);
  }
  if (best.length < MIN_PREFIX_LENGTH) {
    return missing(`Please give at least the first ${MIN_PREFIX_LENGTH} characters of the UID.`);
  }
  return missing(`I know no message with the UID ${repeat(best)}.`);
}

async function describeReplied(
  context: LookupContext,
  { claimedUid, isOwnAnswer, messages }: Awaited<ReturnType<typeof findReplied>>,
  preferSender: boolean,
): Promise<MessageLookup> {
  const found = choose(messages, {
    ...context,
    typed: 'That',
    advice: TYPE_ONE,
    rest: context.call.argument,
  });
  if (found) return found;
  if (isOwnAnswer) {
    return missing(
      'I keep no record of the message that you replied to; my own answers are such. Type a UID instead.',
    );
  }
  // Whatever a post says of itself, a stranger may have written it: that is shown and not acted upon.
  const [claimed] = claimedUid === undefined ? [] : await findByUid(context.db, claimedUid, { preferSender });
  if (claimed && claimedUid !== undefined) {
    return missing(
      `I have no record of that post, so I do not trust the UID in it. If you mean ${describeMessage(claimed, context.clock)}, type ${repeat(claimedUid)}.`,
    );
  }
  return missing('I do not know the message that you replied to. Type its UID instead.');
}

function repeat(uid: string): string {
  return shorten(uid, MAX_REPEATED_LENGTH);
}
