import { z } from 'zod';
import { defineFamily, defineMessage, type KeyOf } from './define.ts';
import {
  ALREADY_SENT_HEADER,
  DELIVER_BY_HEADER,
  INTERIM_REPLY_HEADER,
  NO_FALLBACK_HEADER,
  ORIGINAL_KEY_HEADER,
} from './headers.ts';
import { addressesOf, MAX_IMAGES, toImageList } from './image-list.ts';
import {
  alone,
  countOf,
  lenient,
  MAX_MESSAGE_ID_LENGTH,
  nameOf,
  toMessageId,
  withoutBlank,
  withoutNothing,
  wordsOf,
} from './lenient.ts';

/**
 * The longest body that is relayed, in UTF-16 units. Ten long SMS fit; what is longer would hold the chat
 * for minutes and is parked (from the exchange) or refused (over HTTP).
 */
export const MAX_BODY_LENGTH = 16_000;

/** HTTP has none above. */
const MAX_STATUS = 999;

/** A status line has it among other words: `HTTP/1.1 202 Accepted`, `<Response [202]>`. */
function statusOf(value: unknown): number | undefined {
  const [, digits] = typeof value === 'string' ? (/(?<![\w.])([1-9]\d\d)(?!\w|\.\d)/.exec(value) ?? []) : [];
  return countOf(value, MAX_STATUS) ?? countOf(digits, MAX_STATUS);
}

const ID_DESCRIPTION = 'Names the message in the chat and in the audit; made by the relay when missing.';

/** Producers send a missing value as nothing, as null or as an empty string. All three mean "none". */
export const words = (description: string) =>
  lenient({ strict: z.string().nullish(), read: wordsOf, finish: withoutBlank, description });
export const name = (description: string) =>
  lenient({ strict: z.string().nullish(), read: nameOf, finish: withoutNothing, description });
/** A number in a list is a number: a ban of it must hold. */
const sender = (description: string) =>
  lenient({
    strict: z.string().nullish(),
    read: (value) => nameOf(alone(value)),
    finish: withoutNothing,
    description,
  });
export const messageId = lenient({
  strict: z.string().max(MAX_MESSAGE_ID_LENGTH).nullish(),
  read: nameOf,
  finish: toMessageId,
  description: ID_DESCRIPTION,
});
const images = lenient({
  strict: z.array(z.string().min(1)).max(MAX_IMAGES).nullish(),
  read: addressesOf,
  finish: toImageList,
  description: 'http(s) addresses of pictures to attach.',
});

/** The most that `NumMedia` is believed. */
const mediaCount = lenient({
  strict: z.string().regex(/^\d+$/).nullish(),
  read: nameOf,
  finish: (value) => Math.min(countOf(value ?? '', Number.MAX_SAFE_INTEGER) ?? 0, MAX_IMAGES),
  description: 'How many pictures there are. The chat is told of those without an address.',
});
const mediaUrl = lenient({
  strict: z.string().nullish(),
  // What is no address stays one that cannot be fetched, so that the chat is told.
  read: (value) => addressesOf(value).map((address) => address || typeof value)[0],
  finish: withoutNothing,
  description: 'Address of a picture.',
});

/**
 * `source.twilio.sms.incoming`: the form fields of Twilio's webhook as JSON, and what the SMS service adds.
 * Unknown fields are kept.
 */
export const twilioSmsSchema = z.looseObject({
  From: sender('The sender, E.164.'),
  Body: words('The text.'),
  text: words('Counts when there is no `Body`.'),
  SenderName: name('The sender as the SMS service knows him or her.'),
  source: name('Default: `twilio`.'),
  wbor_message_id: messageId,
  NumMedia: mediaCount,
  ...Object.fromEntries(
    Array.from({ length: MAX_IMAGES }, (_, index) => [`MediaUrl${index}` as const, mediaUrl]),
  ),
});
export type TwilioSms = z.infer<typeof twilioSmsSchema>;

/**
 * `source.standard.#`: what everybody else sends. `text` is what the old generic producer calls `body`.
 * Unknown fields are kept.
 */
export const standardMessageSchema = z.looseObject({
  body: words('The text for the chat. May be missing when there are images.'),
  text: words('Counts when there is no `body`.'),
  source: name('Who is speaking. Default: the last word of the key.'),
  wbor_message_id: messageId,
  images,
  // A field of the producer's own may have this name: no reason to keep its message from the chat.
  format: z
    .enum(['quoted', 'plain'])
    .optional()
    .catch('quoted')
    .transform((value) => value ?? 'quoted')
    .describe('Whether the text is shown in quotation marks with the id below it. Default: `quoted`.'),
  urgent: z
    .boolean()
    .nullish()
    .catch(undefined)
    .describe(
      'Whether it overtakes everything that is not urgent, as with AMQP priority 5. What `/send` sets.',
    ),
});
export type StandardMessage = z.infer<typeof standardMessageSchema>;

/** What a producer queues after it has posted to GroupMe by itself (header `alreadysent: true`). */
export const alreadySentSchema = z.looseObject({
  wbor_message_id: messageId,
  source: name('Who has spoken. Default: the last word of the key.'),
  bot_id: name('The bot that posted it.'),
  statuscode: lenient({
    strict: z.number().int().min(0).max(MAX_STATUS).nullish(),
    read: (value) => statusOf(alone(value)),
    finish: (value) => value ?? undefined,
    description: "The HTTP status of GroupMe's answer.",
  }),
  body: words('What was posted, for the log.'),
  text: words('Counts before `body`.'),
  images,
  From: sender('The person who wrote it, if it was an SMS.'),
  sender: sender('Counts when there is no `From`.'),
  SenderName: name('The person as the SMS service knows him or her.'),
});
export type AlreadySent = z.infer<typeof alreadySentSchema>;

export const twilioSmsMessage = defineMessage({
  exchange: 'source',
  key: 'source.twilio.sms.incoming',
  schema: twilioSmsSchema,
  summary: 'An SMS to the studio, for the chat.',
  publishers: ['SMS service', 'gateway'],
  headers: [
    ALREADY_SENT_HEADER,
    DELIVER_BY_HEADER,
    INTERIM_REPLY_HEADER,
    NO_FALLBACK_HEADER,
    ORIGINAL_KEY_HEADER,
  ],
  example: {
    From: '+12075550123',
    Body: 'Great show!',
    SenderName: 'Jane',
    source: 'twilio',
    type: 'sms.incoming',
    NumMedia: '1',
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
  publishers: ['producers', 'gateway', 'console'],
  headers: [ALREADY_SENT_HEADER, DELIVER_BY_HEADER, INTERIM_REPLY_HEADER, ORIGINAL_KEY_HEADER],
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
  publishers: ['producers', 'gateway'],
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
