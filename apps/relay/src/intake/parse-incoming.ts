import { isBlank, MAX_BODY_LENGTH, type ReadFault, readIncoming } from '@wbor/contracts';
import { type Format, sanitiseText, truncateText } from '@wbor/message-text';
import { v4 as uuidv4 } from 'uuid';
import { findSource } from './sources/index.ts';
import type { MessageHeaders, SourceLog, SourceMessage } from './sources/source.ts';

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

/** Names of the fields that were not as the contract says, and were read or left out all the same. */
type RepairedFields = readonly string[];

/** A message that the relay has no business with. */
interface IgnoredMessage {
  readonly kind: 'ignored';
}

export type Incoming = IncomingMessage | IncomingLog | IgnoredMessage;

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
 * @throws IncomingError when it can never be forwarded.
 */
export function parseIncoming(message: RawMessage): Incoming {
  const { routingKey } = message;
  const source = findSource(routingKey, message.headers);
  if ('ignored' in source) return { kind: 'ignored' };
  const body = readIncoming(source, message);
  if (!body.ok) throw new IncomingError(body.fault.code, body.fault.message);
  const { value, raw, repaired } = body.value;
  const read = source.read(value, routingKey, raw);
  return read.kind === 'message' ? complete(read, repaired) : completeLog(read, repaired);
}

/** Checks the bounds, which hold for the words as they were sent, and sanitises them, once for all that follows. */
function complete(read: SourceMessage, repaired: RepairedFields): IncomingMessage {
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
    wborMessageId: read.wborMessageId ?? uuidv4(),
    format: read.format ?? 'quoted',
    acknowledge: read.acknowledge ?? false,
    repaired,
  };
}

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
