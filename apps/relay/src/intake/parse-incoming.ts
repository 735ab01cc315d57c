import {
  type AlreadySent,
  alreadySentSchema,
  MAX_BODY_LENGTH,
  MAX_IMAGES,
  standardMessageSchema,
  twilioSmsMessage,
  twilioSmsSchema,
} from '@wbor/contracts';
import { v4 as uuidv4 } from 'uuid';
import type { z } from 'zod';
import { sanitiseText } from './text/sanitise-text.ts';

/** A message to be forwarded, the same whoever sent it. */
export interface IncomingMessage {
  readonly kind: 'message';
  readonly wborMessageId: string;
  readonly source: string;
  /** As it came; it is sanitised when the parts are planned. */
  readonly text: string;
  readonly imageUrls: readonly string[];
  readonly format: 'quoted' | 'plain';
  readonly sender: string | undefined;
  readonly senderName: string | undefined;
  readonly fromTwilio: boolean;
}

/** A log of what the producer has posted by itself. */
export interface IncomingLog {
  readonly kind: 'already-sent';
  readonly wborMessageId: string;
  readonly source: string;
  readonly payload: AlreadySent;
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

/** What is read of an AMQP message. */
export interface RawMessage {
  readonly content: Buffer;
  readonly routingKey: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

const TWILIO_PREFIX = 'source.twilio';

/**
 * Makes a message of the exchange typed.
 *
 * @throws IncomingError when it is none that can be forwarded.
 */
export function parseIncoming(raw: RawMessage): Incoming {
  const fromTwilio = raw.routingKey === TWILIO_PREFIX || raw.routingKey.startsWith(`${TWILIO_PREFIX}.`);
  const alreadySent = raw.headers.alreadysent === true || raw.headers.alreadysent === 'true';
  // Outgoing SMS, call events, bans: other services' business, and not worth a look into the body.
  if (fromTwilio && !alreadySent && raw.routingKey !== twilioSmsMessage.key) return { kind: 'ignored' };

  const body = parseJson(raw.content);
  if (alreadySent) {
    const payload = check(alreadySentSchema, body);
    return {
      kind: 'already-sent',
      wborMessageId: payload.wbor_message_id ?? uuidv4(),
      source: payload.source ?? sourceOf(raw.routingKey),
      payload,
    };
  }
  return fromTwilio ? parseTwilioSms(body) : parseStandard(body, raw.routingKey);
}

function parseTwilioSms(body: unknown): IncomingMessage {
  const sms = check(twilioSmsSchema, body);
  const fields: Readonly<Record<string, unknown>> = sms;
  const imageUrls = Array.from({ length: MAX_IMAGES }, (_, index) => fields[`MediaUrl${index}`]).filter(
    (url): url is string => typeof url === 'string',
  );
  return refuseUnfit({
    kind: 'message',
    wborMessageId: sms.wbor_message_id ?? uuidv4(),
    source: sms.source ?? 'twilio',
    text: sms.Body ?? '',
    imageUrls,
    format: 'quoted',
    sender: sms.From,
    senderName: sms.SenderName,
    fromTwilio: true,
  });
}

function parseStandard(body: unknown, routingKey: string): IncomingMessage {
  const message = check(standardMessageSchema, body);
  return refuseUnfit({
    kind: 'message',
    wborMessageId: message.wbor_message_id ?? uuidv4(),
    source: message.source ?? sourceOf(routingKey),
    text: message.body ?? message.text ?? '',
    imageUrls: message.images,
    format: message.format,
    sender: undefined,
    senderName: undefined,
    fromTwilio: false,
  });
}

/** A missing source is read off the key: an alert must not be lost for want of a name. */
function sourceOf(routingKey: string): string {
  const [, family = 'standard', name] = routingKey.split('.');
  return family === 'standard' && name ? name : family;
}

function refuseUnfit(message: IncomingMessage): IncomingMessage {
  if (message.text.length > MAX_BODY_LENGTH) {
    throw new IncomingError(
      'TOO_LONG',
      `the text has ${message.text.length} characters, ${MAX_BODY_LENGTH} are the most`,
    );
  }
  if (message.imageUrls.length === 0 && sanitiseText(message.text).trim() === '') {
    throw new IncomingError('EMPTY', 'there is neither text nor a picture');
  }
  return message;
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
