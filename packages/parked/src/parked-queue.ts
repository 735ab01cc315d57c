import { createHash } from 'node:crypto';
import {
  type Broker,
  type BrowsedMessage,
  originalKey,
  PublishError,
  parkableHeaders,
  type ScreenReason,
} from '@wbor/amqp';
import { ORIGINAL_KEY_HEADER, PARKED_HEADERS, parkedAtOf } from '@wbor/contracts';
import { showableTable } from './showable.ts';

/** One parked message, as a person sees it. */
export interface ParkedMessage {
  /** Names it on the command line. Its AMQP id if that can be typed, else made of its content. */
  readonly id: string;
  /** Of several messages with this id, which one: 1 for the oldest. */
  readonly copy: number;
  readonly reason: string;
  readonly error: string;
  /** The queue that it is replayed to. */
  readonly queue: string;
  readonly routingKey: string;
  readonly parkedAt: string | undefined;
  readonly wborMessageId: string | undefined;
  /** As JSON can hold them: bytes as text in base64, no deeper than a person looks. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly content: Buffer;
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
  queue: string,
  judge: (message: ParkedMessage) => Verdict | Promise<Verdict>,
  onFailure: (message: ParkedMessage, why: string) => void = () => {},
): Promise<void> {
  const copies = new Map<string, number>();
  const browser = await broker.browse(queue);

  /** A function of its own, so that nothing keeps a huge message while the next one comes. */
  async function takeNext(): Promise<boolean> {
    const entry = await browser.next();
    if (entry === undefined) return false;
    const id = idOf(entry);
    const copy = (copies.get(id) ?? 0) + 1;
    copies.set(id, copy);
    const message = toParked(entry, id, copy);
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
    if (verdict === 'replay') return replay(broker, entry, message);
    return typeof verdict === 'object' ? replay(broker, entry, message, verdict.replayAs) : undefined;
  }

  try {
    while (await takeNext());
  } finally {
    await browser.close();
  }
}

/** The reason under which a consumer parks what it has not kept. */
const TOO_LARGE: ScreenReason = 'too-large';

/** @returns why it could not be replayed; undefined when it was. */
async function replay(
  broker: Broker,
  entry: BrowsedMessage,
  message: ParkedMessage,
  changed?: Buffer,
): Promise<string | undefined> {
  if (message.queue === '') return 'it is not known from which queue the message came';
  if (message.reason === TOO_LARGE && changed === undefined)
    return 'only its digest and its beginning were kept';
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

/** What can be typed on a command line: no blanks, nothing that a terminal acts on, no option, no number of a copy. */
const TYPED_ID = /^(?!-|.*#)[\p{L}\p{M}\p{N}\p{P}\p{S}]{1,128}$/u;

/** Ids are the producer's text. */
function idOf({ content, messageId }: BrowsedMessage): string {
  if (messageId !== undefined && TYPED_ID.test(messageId)) return messageId;
  const hash = createHash('sha256');
  return hash
    .update(messageId ?? '')
    .update(content)
    .digest('hex')
    .slice(0, 32);
}

function toParked(entry: BrowsedMessage, id: string, copy: number): ParkedMessage {
  const { headers } = entry;
  const death = deathOf(headers);
  return {
    id,
    copy,
    reason: textHeader(headers, PARKED_HEADERS.reason) ?? death?.reason ?? 'unknown',
    error: textHeader(headers, PARKED_HEADERS.error) ?? (death ? 'the broker gave up on it' : ''),
    queue: textHeader(headers, PARKED_HEADERS.queue) ?? death?.queue ?? '',
    routingKey: textHeader(headers, PARKED_HEADERS.routingKey) ?? death?.routingKey ?? entry.routingKey,
    parkedAt: parkedAtOf(headers)?.toISOString(),
    wborMessageId: textHeader(headers, PARKED_HEADERS.messageId) ?? idInBody(entry.content),
    headers: showableTable(headers),
    content: entry.content,
  };
}

function textHeader(headers: Readonly<Record<string, unknown>>, name: string): string | undefined {
  return textOf(headers[name]);
}

/** Headers are anybody's: even an object that cannot be made a text of may stand in one. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Where the broker itself put the message aside, for example after too many returns. */
function deathOf(headers: Readonly<Record<string, unknown>>) {
  const deaths = headers['x-death'];
  const death: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof death !== 'object' || death === null) return undefined;
  const { exchange, reason, queue, 'routing-keys': keys } = death as Record<string, unknown>;
  const routingKey = (Array.isArray(keys) ? textOf(keys[0]) : undefined) ?? '';
  return {
    reason: textOf(reason) ?? 'unknown',
    queue: textOf(queue) ?? '',
    // One that was replayed before has its queue's name for a key.
    routingKey: originalKey({ exchange: textOf(exchange) ?? '', routingKey, headers }) || undefined,
  };
}

function idInBody(content: Buffer): string | undefined {
  // Only short bodies are worth it: this is for a list.
  if (content.length > 100_000) return undefined;
  try {
    const body: unknown = JSON.parse(content.toString());
    const id = (body as { wbor_message_id?: unknown } | null)?.wbor_message_id;
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}
