import { MAX_BODY_LENGTH } from '@wbor/contracts';
import { v4 as uuidv4 } from 'uuid';
import type { z } from 'zod';
import { findSource } from './sources/index.ts';
import type { MessageHeaders, SourceLog, SourceMessage } from './sources/source.ts';
import type { Format } from './text/render-parts.ts';
import { sanitiseText } from './text/sanitise-text.ts';

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

export type IncomingErrorCode = 'INVALID_UTF8' | 'INVALID_JSON' | 'INVALID_MESSAGE' | 'EMPTY' | 'TOO_LONG';

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
  readonly routingKey: string;
  readonly headers: MessageHeaders;
}

/**
 * Makes a message of the exchange typed: finds its source, reads the body as that source does, and fills the gaps.
 *
 * @throws IncomingError when it can never be forwarded.
 */
export function parseIncoming({ content, routingKey, headers }: RawMessage): Incoming {
  const source = findSource(routingKey, headers);
  if ('ignored' in source) return { kind: 'ignored' };
  const read = source.read(check(source.schema, parseJson(content)), routingKey);
  return read.kind === 'message'
    ? complete(read)
    : { ...read, wborMessageId: read.wborMessageId ?? uuidv4() };
}

/** Checks the bounds, which hold for the text as it was sent, and sanitises it, once for all that follows. */
function complete(read: SourceMessage): IncomingMessage {
  const { length } = read.text;
  if (length > MAX_BODY_LENGTH) {
    throw new IncomingError('TOO_LONG', `the text has ${length} characters, ${MAX_BODY_LENGTH} are the most`);
  }
  const text = sanitiseText(read.text);
  const imageUrls = read.imageUrls ?? [];
  if (imageUrls.length === 0 && text.trim() === '') {
    throw new IncomingError('EMPTY', 'there is neither text nor an image');
  }
  return {
    ...read,
    text,
    imageUrls,
    wborMessageId: read.wborMessageId ?? uuidv4(),
    format: read.format ?? 'quoted',
    acknowledge: read.acknowledge ?? false,
  };
}

function parseJson(content: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (error) {
    throw new IncomingError('INVALID_UTF8', 'the body is not UTF-8', { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser's own message repeats parts of the body: other people's words.
    throw new IncomingError('INVALID_JSON', 'the body is not JSON', { cause: error });
  }
}

function check<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const faults = result.error.issues.map(
    (issue) => `${issue.path.join('.') || 'the body'}: ${issue.message}`,
  );
  throw new IncomingError('INVALID_MESSAGE', faults.join('; '), { cause: result.error });
}
