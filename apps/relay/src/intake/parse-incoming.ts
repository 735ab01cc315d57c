import {
  decodeBody,
  isBlank,
  type LenientReading,
  MAX_BODY_LENGTH,
  NO_FALLBACK_HEADER,
  type ReadFault,
  type ReadResult,
  readIncoming,
} from '@wbor/contracts';
import { type Format, sanitiseText, truncateText } from '@wbor/message-text';
import type { StationClock } from '@wbor/station-clock';
import { v4 as uuidv4, v5 as uuidv5 } from 'uuid';
import { findSource } from './sources/index.ts';
import {
  headerOf,
  type MessageHeaders,
  type Source,
  type SourceLog,
  type SourceMessage,
  type SourceStatus,
} from './sources/source.ts';
import { yesOrNo } from './sources/yes-or-no.ts';

/** A message to be forwarded, the same whoever sent it. Its text is sanitised. */
export interface IncomingMessage extends SourceMessage {
  readonly wborMessageId: string;
  readonly imageUrls: readonly string[];
  readonly imagesWithoutAddress: number;
  readonly imagesLeftOut: number;
  readonly format: Format;
  readonly acknowledge: boolean;
  readonly repaired: RepairedFields;
}

/** A log of what the producer has posted by itself. */
export interface IncomingLog extends SourceLog {
  readonly wborMessageId: string;
  readonly repaired: RepairedFields;
}

/** What a station does now. Its names are sanitised. */
export interface IncomingStatus extends SourceStatus {
  readonly repaired: RepairedFields;
}

/** Names of the fields that were not as the contract says, and were read or left out all the same. */
type RepairedFields = readonly string[];

/** A message that the relay has no business with. */
interface IgnoredMessage {
  readonly kind: 'ignored';
}

/** A message that says nothing, for which the SMS service may wait all the same. */
interface EmptySms {
  readonly kind: 'empty-sms';
  readonly source: string;
  readonly wborMessageId: string | undefined;
  readonly acknowledge: boolean;
}

export type Incoming = IncomingMessage | IncomingLog | IncomingStatus | EmptySms | IgnoredMessage;

/** Why a message cannot be forwarded; it is parked under this reason. */
type IncomingErrorCode = ReadFault['code'] | 'empty' | 'too-long';

/** A message that can never be forwarded as it is. It is parked with this reason. */
export class IncomingError extends Error {
  override readonly name = 'IncomingError';
  readonly code: IncomingErrorCode;

  constructor(code: IncomingErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The parts of an AMQP message that decide what it is. */
export interface RawMessage {
  readonly content: Buffer;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly routingKey: string;
  readonly headers: MessageHeaders;
}

/**
 * Makes a message of the exchange typed: finds its source, reads the body as that source does, and fills the gaps.
 *
 * @param clock in whose time the chat is told times.
 * @throws IncomingError when it can never be forwarded.
 */
export function parseIncoming(message: RawMessage, clock?: StationClock): Incoming {
  const { routingKey } = message;
  const source = findSource(routingKey, message.headers);
  if ('ignored' in source) return { kind: 'ignored' };
  const body = readBody(source, message);
  if (!body.ok) throw new IncomingError(body.fault.code, body.fault.message);
  const { value, raw, repaired } = body.value;
  const read = source.read(value, routingKey, raw, clock);
  if (read.kind === 'status') return completeStatus(read, repaired);
  if (read.kind === 'already-sent') return completeLog(read, repaired);
  const hasFallback = yesOrNo(headerOf(message.headers, NO_FALLBACK_HEADER)) !== true;
  if (isEmptySms(read, repaired)) {
    const { source, wborMessageId } = read;
    const acknowledge = hasFallback && wborMessageId !== undefined;
    return { kind: 'empty-sms', source: bound(source, MAX_NAME_LENGTH), wborMessageId, acknowledge };
  }
  return completeMessage(hasFallback ? read : { ...read, acknowledge: false }, repaired);
}

/** A producer that writes JSON wrong writes little. Repairing takes more time the longer the text is. */
const MAX_REPAIRED_LENGTH = 65_536;

/** Reads the body, and once more as its source repairs it when it is no JSON. */
function readBody(source: Source, message: RawMessage): ReadResult<LenientReading<unknown>> {
  const reading = readIncoming(source, message);
  if (reading.ok || reading.fault.code !== 'invalid-json' || source.repair === undefined) return reading;
  const text = decodeBody(message);
  if (!text.ok || text.value.length > MAX_REPAIRED_LENGTH) return reading;
  let repaired: string;
  try {
    repaired = source.repair(text.value);
  } catch {
    return reading;
  }
  const again = readIncoming(source, { content: Buffer.from(repaired) });
  return again.ok
    ? { ok: true, value: { ...again.value, repaired: [...again.value.repaired, 'json'] } }
    : reading;
}

/** A person can send one. What only looks empty since nobody can read it is none. */
function isEmptySms(
  { acknowledge, imageUrls, imagesWithoutAddress, text }: SourceMessage,
  repaired: RepairedFields,
) {
  const hasMedia = (imageUrls ?? []).length + (imagesWithoutAddress ?? 0) > 0;
  return (
    acknowledge === true &&
    !hasMedia &&
    isBlank(text) &&
    !TEXT_FIELDS.some((field) => repaired.includes(field))
  );
}

/**
 * Checks the bounds, which hold for the words as they were sent, and sanitises them, once for all that follows.
 *
 * @throws IncomingError when there is nothing to post, or too much.
 */
export function completeMessage(read: SourceMessage, repaired: RepairedFields = []): IncomingMessage {
  const words = read.text.length > MAX_BODY_LENGTH ? trimPadding(read.text) : read.text;
  if (words.length > MAX_BODY_LENGTH) {
    throw new IncomingError(
      'too-long',
      `the text has ${words.length} characters, ${MAX_BODY_LENGTH} are the most`,
    );
  }
  const text = isBlank(words) ? '' : sanitiseText(words);
  const given = read.imageUrls ?? [];
  const imageUrls = given.filter((url) => url.length <= MAX_URL_LENGTH);
  const imagesWithoutAddress = (read.imagesWithoutAddress ?? 0) + given.length - imageUrls.length;
  if (imageUrls.length + imagesWithoutAddress === 0 && text === '') throw nothingToSay(repaired);
  return {
    ...read,
    ...boundNames(read),
    text,
    imageUrls,
    imagesWithoutAddress,
    imagesLeftOut: read.imagesLeftOut ?? 0,
    wborMessageId:
      read.eventId === undefined ? (read.wborMessageId ?? uuidv4()) : eventUuid(read.source, read.eventId),
    format: read.format ?? 'quoted',
    acknowledge: read.acknowledge ?? false,
    repaired,
  };
}

/** One event has one id, by whichever way its messages come. */
function eventUuid(source: string, eventId: string): string {
  return uuidv5(`${source}\n${eventId}`, EVENT_NAMESPACE);
}

/** Namespace of the ids of events. */
const EVENT_NAMESPACE = 'd0b5a0f5-3c0a-5b57-8f0e-6a1c9d2e7b35';

/** Buffers of a fixed length are filled with blanks or NULs. Not by a pattern, which would take the square of their number. */
function trimPadding(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && PADDING.test(text.charAt(start))) start += 1;
  while (end > start && PADDING.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const PADDING = /[\s\p{Cc}]/u;

const TEXT_FIELDS: readonly string[] = ['body', 'text', 'Body'];

function nothingToSay(repaired: RepairedFields): IncomingError {
  const unreadable = TEXT_FIELDS.find((field) => repaired.includes(field));
  return unreadable === undefined
    ? new IncomingError('empty', 'there is neither text nor an image')
    : new IncomingError('invalid-message', `${unreadable}: holds no text`);
}

/** Of what a producer has posted nothing is refused: it is in the chat already, and its row must not be lost. */
function completeLog(read: SourceLog, repaired: RepairedFields): IncomingLog {
  return {
    ...read,
    ...boundNames(read),
    text: boundOptional(read.text, MAX_BODY_LENGTH),
    botId: boundOptional(read.botId, MAX_NAME_LENGTH),
    pictureUrl: boundOptional(read.pictureUrl, MAX_URL_LENGTH),
    wborMessageId: read.wborMessageId ?? uuidv4(),
    repaired,
  };
}

function completeStatus(read: SourceStatus, repaired: RepairedFields): IncomingStatus {
  const { seen } = read;
  return {
    ...read,
    station: bound(read.station, MAX_NAME_LENGTH),
    name: shownName(read.name) ?? 'The station',
    seen: { ...seen, streamer: shownName(seen.streamer), song: shownName(seen.song) },
    repaired,
  };
}

/** A name in one line of the chat; undefined when it shows nothing. */
function shownName(name: string | undefined): string | undefined {
  if (name === undefined || isBlank(name)) return undefined;
  return sanitiseText(bound(name, MAX_NAME_LENGTH)).replace(/\s+/g, ' ');
}

/** Names travel with every part, log line and row of a message. */
const MAX_NAME_LENGTH = 256;

/** Addresses are logged in events and rows. A longer one is a picture itself, or nothing that a server takes. */
const MAX_URL_LENGTH = 8_192;

function boundNames({ sender, senderName, source }: Pick<SourceMessage, 'sender' | 'senderName' | 'source'>) {
  return {
    source: bound(source, MAX_NAME_LENGTH),
    sender: boundOptional(sender, MAX_NAME_LENGTH),
    senderName: boundOptional(senderName, MAX_NAME_LENGTH),
  };
}

/** Not all of a text of megabytes is looked at. */
function bound(text: string, maxLength: number): string {
  return truncateText(text.slice(0, 2 * maxLength), maxLength);
}

function boundOptional(text: string | undefined, maxLength: number): string | undefined {
  return text === undefined ? undefined : bound(text, maxLength);
}
