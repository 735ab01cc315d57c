import type { MessagesTable } from '@wbor/database';
import { maskNumber, shorten } from '@wbor/message-text';
import type { SenderNormaliser } from '@wbor/phone';
import type { StationClock } from '@wbor/station-clock';
import type { Selectable } from 'kysely';
import { describeText, showUid } from './show.ts';

export type FoundMessage = Selectable<MessagesTable>;

/** What a UID stands for. */
export type MessageLookup =
  /** At least one message, all of one sender, or none of them with any. Newest first. */
  | { readonly kind: 'found'; readonly message: FoundMessage; readonly rest: string }
  /** A reply that says what is wrong. */
  | { readonly kind: 'not-found'; readonly reply: string };

/** As many as fit into one message. */
export const MAX_LISTED = 5;

export function missing(reply: string): MessageLookup {
  return { kind: 'not-found', reply };
}

/** Messages of one sender are one answer; those of several are listed, since a guess could hit a bystander. */
export function choose(
  rows: readonly FoundMessage[],
  options: {
    /** What was typed, as the chat may see it again; what is listed "fits several messages" by it. */
    readonly typed: string;
    /** What can be done about that. */
    readonly advice: string;
    readonly rest: string;
    /** Makes one sender of all spellings of a number. */
    readonly normaliseSender: SenderNormaliser;
    readonly clock: StationClock;
  },
): MessageLookup | undefined {
  const newest = rows.toSorted((a, b) => b.first_at.getTime() - a.first_at.getTime());
  const [message] = newest;
  if (!message) return undefined;
  const senders = new Set(rows.map((row) => senderOf(row, options.normaliseSender)));
  if (senders.size === 1 && rows.length <= MAX_LISTED) return { kind: 'found', message, rest: options.rest };
  const lines = newest
    .slice(0, MAX_LISTED)
    .map((row) => `${longerUid(row, newest)} ${describeMessage(row, options.clock)}`);
  const more = rows.length > MAX_LISTED ? '\n… and more.' : '';
  return missing(`${options.typed} fits several messages. ${options.advice}:\n${lines.join('\n')}${more}`);
}

/** The same for whatever is of one sender, or of nobody and of one source. */
export function senderOf({ sender, source }: FoundMessage, normaliseSender: SenderNormaliser): string {
  return sender === null ? `no sender, ${source}` : normaliseSender(sender);
}

/** "from …0123, Nov 24, 3:20 PM, “Hello”". */
export function describeMessage(message: FoundMessage, clock: StationClock): string {
  const from =
    message.sender === null
      ? `${shorten(message.source, 40) || 'unknown source'} (no sender)`
      : `from ${maskNumber(message.sender)}`;
  return `${from}, ${clock.showTime(message.first_at)}, ${describeText(message)}`;
}

/** So much of the id as finds it and none of the others that are listed. */
function longerUid(message: FoundMessage, listed: readonly FoundMessage[]): string {
  const id = message.wbor_message_id;
  const others = listed.filter((other) => other !== message).map((other) => other.wbor_message_id);
  const isAlone = (uid: string): boolean =>
    others.every((other) => !other.startsWith(uid) && !showUid(other).startsWith(uid));
  return [showUid(id), id.slice(0, 13)].find(isAlone) ?? id;
}
