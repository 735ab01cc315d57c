import { z } from 'zod';

/** GroupMe wraps most answers; the image service does not. */
function envelopeSchema<Schema extends z.ZodType>(response: Schema) {
  return z.object({ response });
}

/** A bot of the token's own account. The `bot_id` is a credential. */
const botSchema = z.looseObject({
  bot_id: z.string(),
  group_id: z.string(),
  name: z.string(),
  avatar_url: z.string().nullish(),
  callback_url: z.string().nullish(),
  dm_notification: z.boolean().nullish(),
  active: z.boolean().nullish(),
});
export type Bot = z.infer<typeof botSchema>;

const userSchema = z.looseObject({
  id: z.string(),
  name: z.string().nullish(),
});
export type User = z.infer<typeof userSchema>;

/** A message of a group. Ids stay strings, since they exceed 2^53. GroupMe mixes null, "" and nothing. */
const groupMessageSchema = z.looseObject({
  id: z.string(),
  /** Unix seconds. */
  created_at: z.number(),
  group_id: z.string().nullish(),
  sender_id: z.string().nullish(),
  sender_type: z.string().nullish(),
  name: z.string().nullish(),
  source_guid: z.string().nullish(),
  text: z.string().nullish(),
  system: z.boolean().nullish(),
  attachments: z
    .array(z.looseObject({ type: z.string().nullish(), url: z.string().nullish() }))
    .nullish()
    .transform((value) => value ?? []),
});
export type GroupMessage = z.infer<typeof groupMessageSchema>;

export const botsAnswerSchema = envelopeSchema(z.array(botSchema));
export const userAnswerSchema = envelopeSchema(userSchema);
export const messagesAnswerSchema = envelopeSchema(z.object({ messages: z.array(groupMessageSchema) }));
export const imageAnswerSchema = z.object({ payload: z.object({ picture_url: z.url() }) });
