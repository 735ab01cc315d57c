import type { CommandContext } from '../commands/types.ts';
import { findByUid, MIN_PREFIX_LENGTH } from './find-by-uid.ts';
import { findReplied } from './find-replied.ts';
import { choose, describeMessage, type FoundMessage, type MessageLookup, missing } from './found-message.ts';
import { isSurelyUid, readUid, type TypedUid } from './read-uid.ts';
import { shorten } from './show.ts';

const MAX_UID_LENGTH = 128;
/** What was typed is repeated in the chat, so it is kept short. */
const MAX_REPEATED_LENGTH = 24;

type LookupContext = Pick<CommandContext, 'db' | 'call' | 'clock' | 'normaliseSender'>;

export interface LookupOptions {
  /** Whether a message with a sender is meant, where a UID fits such and others. */
  readonly preferSender?: boolean;
}

/**
 * Finds the message that a command is about: by the UID that the argument begins with, or by the message that the
 * command replies to. In a reply only what looks like a full UID is taken for one, since the rest of the
 * argument is free text.
 */
export async function findMessage(
  context: LookupContext,
  { preferSender = false }: LookupOptions = {},
): Promise<MessageLookup> {
  const { call } = context;
  const readings = readUid(call.argument);
  const sure = readings.find(({ uid }) => isSurelyUid(uid));
  if (call.replyToId !== undefined && sure === undefined)
    return lookUpReply(context, call.replyToId, preferSender);
  const usable = readings.filter(({ uid }) => uid !== '' && uid.length <= MAX_UID_LENGTH);
  for (const reading of usable) {
    const rows = await findRows(context, reading.uid, preferSender);
    const lookup = choose(rows, { ...context, typed: repeat(reading.uid), rest: reading.rest });
    if (lookup) return lookup;
  }
  return notFound(call.command, readings, usable.at(-1)?.uid);
}

async function findRows({ db }: LookupContext, uid: string, preferSender: boolean): Promise<FoundMessage[]> {
  if (preferSender) {
    const rows = await findByUid(db, uid, { onlyWithSender: true });
    if (rows.length > 0) return rows;
  }
  return findByUid(db, uid, { onlyWithSender: false });
}

function notFound(command: string, readings: readonly TypedUid[], best: string | undefined): MessageLookup {
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

async function lookUpReply(
  context: LookupContext,
  groupMeId: string,
  preferSender: boolean,
): Promise<MessageLookup> {
  const { claimedUid, isOwnAnswer, messages } = await findReplied(context.db, groupMeId);
  const found = choose(messages, { ...context, typed: 'That', rest: context.call.argument });
  if (found) return found;
  if (isOwnAnswer) {
    return missing(
      'I keep no record of the message that you replied to; my own answers are such. Type a UID instead.',
    );
  }
  // Whatever a post says of itself, a stranger may have written it: that is shown and not acted upon.
  const [claimed] = claimedUid === undefined ? [] : await findRows(context, claimedUid, preferSender);
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
