import { z } from 'zod';
import { defineMessage } from './define.ts';

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

/**
 * `source.twilio.sms.incoming`: the form fields of Twilio's webhook as JSON, and what the SMS service adds.
 * Unknown fields are kept.
 */
export const twilioSmsSchema = z.looseObject({
  From: optionalText,
  Body: optionalText,
  SenderName: optionalText,
  source: optionalText,
  type: optionalText,
  wbor_message_id: optionalMessageId,
  ...Object.fromEntries(
    Array.from({ length: MAX_IMAGES }, (_, index) => [`MediaUrl${index}` as const, optionalText]),
  ),
});
export type TwilioSms = z.infer<typeof twilioSmsSchema>;

/**
 * `source.standard.#`: what everybody else sends. `text` is what the old generic producer calls `body`.
 * Unknown fields are kept.
 */
export const standardMessageSchema = z.looseObject({
  body: optionalText,
  text: optionalText,
  source: optionalText,
  wbor_message_id: optionalMessageId,
  images: z
    .array(z.string().min(1))
    .max(MAX_IMAGES)
    .nullish()
    .transform((value) => value ?? []),
  // A field of the producer's own may have this name: no reason to keep its message from the chat.
  format: z.enum(['quoted', 'plain']).catch('quoted'),
});
export type StandardMessage = z.infer<typeof standardMessageSchema>;

/** What a producer queues after it has posted to GroupMe by itself (header `alreadysent: true`). */
export const alreadySentSchema = z.looseObject({
  wbor_message_id: optionalMessageId,
  source: optionalText,
  bot_id: optionalText,
  statuscode: z.number().int().nullish(),
});
export type AlreadySent = z.infer<typeof alreadySentSchema>;

export const twilioSmsMessage = defineMessage({
  exchange: 'source',
  key: 'source.twilio.sms.incoming',
  schema: twilioSmsSchema,
});

/** `/send` publishes here when the source calls itself `standard`, else under {@link standardKey}. */
export const standardMessage = defineMessage({
  exchange: 'source',
  key: 'source.standard',
  schema: standardMessageSchema,
});

export function standardKey(source: string): string {
  return source === 'standard' ? standardMessage.key : `${standardMessage.key}.${source}`;
}
