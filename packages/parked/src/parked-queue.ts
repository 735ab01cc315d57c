import {
  type Broker,
  type BrowsedMessage,
  HANDED_OUT_BEFORE,
  PublishError,
  parkableHeaders,
  type ScreenReason,
} from '@wbor/amqp';
import { type Namespace, ORIGINAL_KEY_HEADER, PARKED_HEADERS, queuesParkedIn } from '@wbor/contracts';
import { idOf, type ParkedMessage, readParked } from './read-parked.ts';

/** A parking queue by its full name, and where it is. */
export interface ParkingQueue {
  readonly name: string;
  readonly namespace: Pick<Namespace, 'queuePrefix'>;
}

/** What to do with a message that was looked at; `replayAs` gives it back with another body, JSON. */
export type Verdict = 'keep' | 'replay' | 'discard' | { readonly replayAs: Buffer };

/**
 * Walks over the parked messages, oldest first, and does with each what `judge` says. A replayed message is
 * confirmed by the broker before it leaves the parking queue, so it can be doubled by a crash, never lost. One that
 * cannot be replayed stays parked and does not keep the others from it.
 *
 * @param onFailure told of each message that was not replayed, and why.
 * @throws PublishError when the broker is away; what was not replayed by then stays parked.
 */
export async function walkParked(
  broker: Broker,
  { name, namespace }: ParkingQueue,
  judge: (message: ParkedMessage) => Verdict | Promise<Verdict>,
  onFailure: (message: ParkedMessage, why: string) => void = () => {},
): Promise<void> {
  const copies = new Map<string, number>();
  const origins = queuesParkedIn(name, namespace);
  const browser = await broker.browse(name);

  /** A function of its own, so that nothing keeps a huge message while the next one comes. */
  async function takeNext(): Promise<boolean> {
    const entry = await browser.next();
    if (entry === undefined) return false;
    const id = idOf(entry);
    const copy = (copies.get(id) ?? 0) + 1;
    copies.set(id, copy);
    const message = { ...readParked(entry, origins), id, copy };
    const verdict = await judge(message);
    const failure = await carryOut(verdict, entry, message);
    if (failure !== undefined) onFailure(message, failure);
    else if (verdict !== 'keep') entry.remove();
    return true;
  }

  async function carryOut(
    verdict: Verdict,
    entry: BrowsedMessage,
    message: ParkedMessage,
  ): Promise<string | undefined> {
    if (verdict === 'keep' || verdict === 'discard') return undefined;
    const changed = verdict === 'replay' ? undefined : verdict.replayAs;
    return whyNotReplayed(message, origins, changed !== undefined) ?? replay(broker, entry, message, changed);
  }

  try {
    while (await takeNext());
  } finally {
    await browser.close();
  }
}

/** The reason under which a consumer parks what it has not kept. */
const TOO_LARGE: ScreenReason = 'too-large';

/**
 * Where a message goes is not for its producer to say, whose headers it may carry: a parking queue gives back to the queues that park
 * there. What was in hand during a take-over may belong to the service before ours.
 */
export function whyNotReplayed(
  { queue, reason }: Pick<ParkedMessage, 'queue' | 'reason'>,
  origins: readonly string[],
  isChanged: boolean,
): string | undefined {
  if (queue === '') return 'it is not known from which queue the message came';
  if (!origins.includes(queue) && reason !== HANDED_OUT_BEFORE)
    return `it says that it came from ${queue}, whose messages are not parked here`;
  return reason === TOO_LARGE && !isChanged ? 'only its digest and its beginning were kept' : undefined;
}

/** @returns why it could not be replayed; undefined when it was. */
async function replay(
  broker: Broker,
  entry: BrowsedMessage,
  message: ParkedMessage,
  changed?: Buffer,
): Promise<string | undefined> {
  try {
    await broker.sendBytes(message.queue, changed ?? entry.content, {
      messageId: entry.messageId || message.id,
      ...(changed === undefined ? encodingOf(entry) : {}),
      priority: entry.priority,
      headers: {
        // What the broker itself put aside has its headers as they came.
        ...parkableHeaders(withoutBookkeeping(entry.headers)),
        // Consumers decide by the key, and the default exchange puts the queue's name in its place.
        [ORIGINAL_KEY_HEADER]: message.routingKey,
      },
    });
    return undefined;
  } catch (error) {
    // Of the others no repetition helps: they are this message's, or its queue's.
    if (!(error instanceof PublishError) || error.retryable) throw error;
    return error.message;
  }
}

function encodingOf({ contentEncoding, contentType }: BrowsedMessage) {
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
  };
}

function withoutBookkeeping(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const ours: readonly string[] = Object.values(PARKED_HEADERS);
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) =>
        !ours.includes(name) && !/^x-(death|first-death|last-death|delivery-count|acquired-count)/.test(name),
    ),
  );
}
