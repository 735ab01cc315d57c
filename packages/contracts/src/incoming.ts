import { z } from 'zod';
import { defineFamily, defineMessage, type KeyOf } from './define.ts';
import { ALREADY_SENT_HEADER, DELIVER_BY_HEADER, ORIGINAL_KEY_HEADER } from './headers.ts';

/**
 * The longest body that is relayed, in UTF-16 units. Ten long SMS fit; what is longer would hold the chat
 * for minutes and is parked (from the exchange) or refused (over HTTP).
 */
export const MAX_BODY_LENGTH = 16_000;

/** The most pictures of one message: as many as a Twilio MMS can carry. */
export const MAX_IMAGES = 10;

/** The longest message id. Ids travel in headers and log lines. */
export const MAX_MESSAGE_ID_LENGTH = 128;

/** Producers send a missing value as nothing, as null or as an empty string. All three mean "none". */
const optionalText = z
  .string()
  .nullish()
  .transform((value) => (value === null || value === '' ? undefined : value));

const optionalMessageId = z
  .string()
  .max(MAX_MESSAGE_ID_LENGTH)
  .nullish()
  .transform((value) => (value === null || value?.trim() === '' ? undefined : value));

const ID_DESCRIPTION = 'Names the message in the chat and in the audit; made by the relay when missing.';

/**
 * `source.twilio.sms.incoming`: the form fields of Twilio's webhook as JSON, and what the SMS service adds.
 * Unknown fields are kept.
 */
export const twilioSmsSchema = z.looseObject({
  From: optionalText.describe('The sender, E.164.'),
  Body: optionalText.describe('The text.'),
  SenderName: optionalText.describe('The sender as the SMS service knows him or her.'),
  source: optionalText.describe('Default: `twilio`.'),
  type: optionalText,
  wbor_message_id: optionalMessageId.describe(ID_DESCRIPTION),
  ...Object.fromEntries(
    Array.from({ length: MAX_IMAGES }, (_, index) => [
      `MediaUrl${index}` as const,
      optionalText.describe('Address of a picture.'),
    ]),
  ),
});
export type TwilioSms = z.infer<typeof twilioSmsSchema>;

/**
 * `source.standard.#`: what everybody else sends. `text` is what the old generic producer calls `body`.
 * Unknown fields are kept.
 */
export const standardMessageSchema = z.looseObject({
  body: optionalText.describe('The text for the chat. May be missing when there are images.'),
  text: optionalText.describe('Counts when there is no `body`.'),
  source: optionalText.describe('Who is speaking. Default: the last word of the key.'),
  wbor_message_id: optionalMessageId.describe(ID_DESCRIPTION),
  images: z
    .array(z.string().min(1))
    .max(MAX_IMAGES)
    .nullish()
    .transform((value) => value ?? [])
    .describe('http(s) addresses of pictures to attach.'),
  // A field of the producer's own may have this name: no reason to keep its message from the chat.
  format: z
    .enum(['quoted', 'plain'])
    .optional()
    .catch('quoted')
    .transform((value) => value ?? 'quoted')
    .describe('Whether the text is shown in quotation marks with the id below it. Default: `quoted`.'),
});
export type StandardMessage = z.infer<typeof standardMessageSchema>;

/** What a producer queues after it has posted to GroupMe by itself (header `alreadysent: true`). */
export const alreadySentSchema = z.looseObject({
  wbor_message_id: optionalMessageId.describe(ID_DESCRIPTION),
  source: optionalText.describe('Who has spoken. Default: the last word of the key.'),
  bot_id: optionalText.describe('The bot that posted it.'),
  statuscode: z.number().int().nullish().describe("The HTTP status of GroupMe's answer."),
});
export type AlreadySent = z.infer<typeof alreadySentSchema>;

export const twilioSmsMessage = defineMessage({
  exchange: 'source',
  key: 'source.twilio.sms.incoming',
  schema: twilioSmsSchema,
  summary: 'An SMS to the studio, for the chat.',
  publishers: ['producers'],
  headers: [ALREADY_SENT_HEADER, DELIVER_BY_HEADER, ORIGINAL_KEY_HEADER],
  example: {
    From: '+12075550123',
    Body: 'Great show!',
    SenderName: 'Jane',
    source: 'twilio',
    type: 'sms.incoming',
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    MessageSid: 'SM00000000000000000000000000000000',
    MediaUrl0: 'https://api.twilio.com/picture.jpg',
  },
});

/** `/send` publishes it under the key itself when the source calls itself `standard`; see {@link standardKey}. */
export const standardMessage = defineFamily({
  exchange: 'source',
  key: 'source.standard',
  family: 'source',
  schema: standardMessageSchema,
  summary: 'A message for the chat from anybody but Twilio.',
  publishers: ['producers', 'gateway'],
  headers: [ALREADY_SENT_HEADER, DELIVER_BY_HEADER, ORIGINAL_KEY_HEADER],
  example: {
    body: 'Power lost in the studio',
    source: 'ups',
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    images: ['https://example.org/ups.png'],
  },
});

/** The same with the header `alreadysent`: it goes into the log and not into the chat. */
export const alreadySentMessage = defineFamily({
  exchange: 'source',
  key: 'source.standard',
  family: 'source',
  schema: alreadySentSchema,
  summary:
    'What a producer has posted to GroupMe by itself, with the header `alreadysent: true`. It is only logged. `source.twilio.#` is taken as well.',
  publishers: ['producers'],
  headers: [ALREADY_SENT_HEADER, ORIGINAL_KEY_HEADER],
  example: {
    body: 'Posted while the broker was slow',
    source: 'ups',
    bot_id: '0123456789abcdef01234567',
    statuscode: 202,
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
  },
});

/** Where the moderator's replies go: forwarded, paced and audited like everything else. */
export const commandReply = defineMessage({
  exchange: 'source',
  key: 'source.standard.command',
  schema: standardMessageSchema,
  summary: 'The answer to a chat command, for the chat like any other message.',
  publishers: ['moderator'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    body: 'pong',
    source: 'command',
    format: 'plain',
    wbor_message_id: '0a1b2c3d-1111-5222-8333-444455556666',
  },
});

export function standardKey(source: string): KeyOf<typeof standardMessage> {
  return source === 'standard' ? standardMessage.key : `${standardMessage.key}.${source}`;
}
