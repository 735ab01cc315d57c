import { createHash } from 'node:crypto';
import { type Broker, type BrowsedMessage, originalKey } from '@wbor/amqp';
import { ORIGINAL_KEY_HEADER, PARKED_HEADERS } from '@wbor/contracts';

/** One parked message, as a person sees it. */
export interface ParkedMessage {
  /** Names it on the command line; any unambiguous beginning does. */
  readonly id: string;
  readonly reason: string;
  readonly error: string;
  /** The queue that it is replayed to. */
  readonly queue: string;
  readonly routingKey: string;
  readonly parkedAt: string | undefined;
  readonly wborMessageId: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly content: Buffer;
}

/** What to do with a message that was looked at. */
export type Verdict = 'keep' | 'replay' | 'discard';

/**
 * Walks over the parked messages, oldest first, and does with each what `judge` says. A replayed message is
 * confirmed by the broker before it leaves the parking queue, so it can be doubled by a crash, never lost.
 *
 * @throws PublishError when the broker takes a replayed message no more; that one stays parked.
 */
export async function walkParked(
  broker: Broker,
  queue: string,
  judge: (message: ParkedMessage) => Verdict | Promise<Verdict>,
): Promise<void> {
  const browser = await broker.browse(queue);
  try {
    for (let entry = await browser.next(); entry; entry = await browser.next()) {
      const message = toParked(entry);
      const verdict = await judge(message);
      if (verdict === 'replay') await replay(broker, entry, message);
      if (verdict !== 'keep') entry.remove();
    }
  } finally {
    await browser.close();
  }
}

async function replay(broker: Broker, entry: BrowsedMessage, message: ParkedMessage): Promise<void> {
  if (message.queue === '')
    throw new Error(`${message.id}: it is not known from which queue the message came`);
  await broker.sendBytes(message.queue, entry.content, {
    messageId: entry.messageId ?? message.id,
    ...(entry.contentType === undefined ? {} : { contentType: entry.contentType }),
    ...(entry.contentEncoding === undefined ? {} : { contentEncoding: entry.contentEncoding }),
    headers: {
      ...withoutBookkeeping(entry.headers),
      // Consumers decide by the key, and the default exchange puts the queue's name in its place.
      [ORIGINAL_KEY_HEADER]: message.routingKey,
    },
  });
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

function toParked(entry: BrowsedMessage): ParkedMessage {
  const { headers } = entry;
  const death = deathOf(headers);
  return {
    id: entry.messageId ?? createHash('sha256').update(entry.content).digest('hex').slice(0, 32),
    reason: textHeader(headers, PARKED_HEADERS.reason) ?? death?.reason ?? 'unknown',
    error: textHeader(headers, PARKED_HEADERS.error) ?? (death ? 'the broker gave up on it' : ''),
    queue: textHeader(headers, PARKED_HEADERS.queue) ?? death?.queue ?? '',
    routingKey: textHeader(headers, PARKED_HEADERS.routingKey) ?? death?.routingKey ?? entry.routingKey,
    parkedAt: textHeader(headers, PARKED_HEADERS.at),
    wborMessageId: textHeader(headers, PARKED_HEADERS.messageId) ?? idInBody(entry.content),
    headers,
    content: entry.content,
  };
}

function textHeader(headers: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** Where the broker itself put the message aside, for example after too many returns. */
function deathOf(headers: Readonly<Record<string, unknown>>) {
  const deaths = headers['x-death'];
  const death: unknown = Array.isArray(deaths) ? deaths[0] : undefined;
  if (typeof death !== 'object' || death === null) return undefined;
  const { exchange, reason, queue, 'routing-keys': keys } = death as Record<string, unknown>;
  const routingKey = Array.isArray(keys) ? String(keys[0]) : '';
  return {
    reason: String(reason),
    queue: String(queue),
    // One that was replayed before has its queue's name for a key.
    routingKey: originalKey({ exchange: String(exchange), routingKey, headers }) || undefined,
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
