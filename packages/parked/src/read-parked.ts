import { createHash } from 'node:crypto';
import { type BrowsedMessage, originalKey } from '@wbor/amqp';
import { PARKED_HEADERS, parkedAtOf } from '@wbor/contracts';
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

/** What can be typed on a command line: no blanks, nothing that a terminal acts on, no option, no number of a copy. */
const TYPED_ID = /^(?!-|.*#)[\p{L}\p{M}\p{N}\p{P}\p{S}]{1,128}$/u;

/** Ids are the producer's text. */
export function idOf({ content, messageId }: BrowsedMessage): string {
  if (messageId !== undefined && TYPED_ID.test(messageId)) return messageId;
  const hash = createHash('sha256');
  return hash
    .update(messageId ?? '')
    .update(content)
    .digest('hex')
    .slice(0, 32);
}

/** @param origins full names of the queues whose messages are parked where it lies. */
export function readParked(
  { content, headers, routingKey }: Pick<BrowsedMessage, 'content' | 'headers' | 'routingKey'>,
  origins: readonly string[],
): Omit<ParkedMessage, 'id' | 'copy'> {
  const death = deathOf(headers);
  // What the broker put aside has its producer's headers, which may say what ours say.
  const isByBroker = death !== undefined && origins.includes(death.queue);
  const said = (name: string): string | undefined => (isByBroker ? undefined : textOf(headers[name]));
  return {
    reason: said(PARKED_HEADERS.reason) ?? death?.reason ?? 'unknown',
    error: said(PARKED_HEADERS.error) ?? (death ? 'the broker gave up on it' : ''),
    queue: said(PARKED_HEADERS.queue) ?? death?.queue ?? '',
    routingKey: said(PARKED_HEADERS.routingKey) ?? death?.routingKey ?? routingKey,
    parkedAt: parkedAtOf(headers)?.toISOString(),
    wborMessageId: said(PARKED_HEADERS.messageId) ?? idInBody(content),
    headers: showableTable(headers),
    content,
  };
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
