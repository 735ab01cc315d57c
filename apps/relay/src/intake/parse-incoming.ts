import { MAX_BODY_LENGTH, type ReadFault, readMessage } from '@wbor/contracts';
import { v4 as uuidv4 } from 'uuid';
import { findSource } from './sources/index.ts';
import type { MessageHeaders, SourceLog, SourceMessage } from './sources/source.ts';
import type { Format } from './text/render-parts.ts';
import { sanitiseText } from './text/sanitise-text.ts';
import { truncateText } from './text/split-text.ts';

/** A message to be forwarded, the same whoever sent it. Its text is sanitised. */
export interface IncomingMessage extends SourceMessage {
  readonly wborMessageId: string;
  readonly imageUrls: readonly string[];
  readonly format: Format;
  readonly acknowledge: boolean;
}

/** A log of what the producer has posted by itself. */
export interface IncomingLog extends SourceLog {
  readonly wborMessageId: string;
}

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
  const body = readMessage(source, message);
  if (!body.ok) throw new IncomingError(body.fault.code, body.fault.message);
  const read = source.read(body.value, routingKey);
  return read.kind === 'message'
    ? complete(read)
    : { ...read, wborMessageId: read.wborMessageId ?? uuidv4() };
}

/** Checks the bounds, which hold for the text as it was sent, and sanitises it, once for all that follows. */
function complete(read: SourceMessage): IncomingMessage {
  const { length } = read.text;
  if (length > MAX_BODY_LENGTH) {
    throw new IncomingError('too-long', `the text has ${length} characters, ${MAX_BODY_LENGTH} are the most`);
  }
  const text = sanitiseText(read.text);
  const imageUrls = read.imageUrls ?? [];
  if (imageUrls.length === 0 && text.trim() === '') {
    throw new IncomingError('empty', 'there is neither text nor an image');
  }
  return {
    ...read,
    ...boundNames(read),
    text,
    imageUrls,
    wborMessageId: read.wborMessageId ?? uuidv4(),
    format: read.format ?? 'quoted',
    acknowledge: read.acknowledge ?? false,
  };
}

/** Names travel with every part, log line and row of a message. */
const MAX_NAME_LENGTH = 256;

function boundNames({ sender, senderName, source }: SourceMessage) {
  // Not all of a text of megabytes is looked at.
  const bound = (name: string) => truncateText(name.slice(0, 2 * MAX_NAME_LENGTH), MAX_NAME_LENGTH);
  return {
    source: bound(source),
    sender: sender === undefined ? undefined : bound(sender),
    senderName: senderName === undefined ? undefined : bound(senderName),
  };
}
