import { z } from 'zod';
import { defineMessage } from './define.ts';

/**
 * How one API call ended.
 *
 * - `delivered`: GroupMe said 2xx.
 * - `refused`: GroupMe said 429 or 420; nothing was posted and the call is repeated.
 * - `unreachable`: no connection was made, so nothing was posted; the call is repeated.
 * - `unknown`: time-out, reset or 5xx; the post may or may not be in the chat.
 * - `misconfigured`: 401 or 404 for the bot or the token; kept until the configuration is right.
 * - `rejected`: another 4xx; no retry can help.
 * - `already-sent`: the producer posted by itself and asked for the log only.
 * - `blocked`: no call was made, since the sender is banned.
 * - `expired`: no call was made, since the producer's deadline had passed.
 * - `not-attached`: no upload was tried, since the picture could not be fetched or is of no use.
 */
const outcomeSchema = z.enum([
  'delivered',
  'refused',
  'unreachable',
  'unknown',
  'misconfigured',
  'rejected',
  'already-sent',
  'blocked',
  'expired',
  'not-attached',
]);
export type Outcome = z.infer<typeof outcomeSchema>;

/**
 * What settled whether a post whose outcome was unknown is in the chat: its echo, a look at the group's messages,
 * or nothing, in which case it is posted again.
 */
const evidenceSchema = z.enum(['echo', 'read-back', 'none']);
export type Evidence = z.infer<typeof evidenceSchema>;

/** `source.groupme.msg`: one call of bots/post, or a producer's own post. Unknown fields are kept. */
export const postEventSchema = z.looseObject({
  text: z.string().optional(),
  picture_url: z.string().optional(),
  bot_id: z.string(),
  source: z.string(),
  /** The HTTP status; 0 when no answer came. */
  code: z.number().int(),
  type: z.literal('log'),
  wbor_message_id: z.string(),
  /** Counted from 1. */
  part: z.number().int().positive().optional(),
  parts: z.number().int().positive().optional(),
  attempt: z.number().int().positive().optional(),
  outcome: outcomeSchema.optional(),
  evidence: evidenceSchema.optional(),
  sender: z.string().optional(),
  sender_name: z.string().optional(),
  sent_at: z.iso.datetime().optional(),
  duration_ms: z.number().nonnegative().optional(),
  error: z.string().optional(),
});
export type PostEvent = z.infer<typeof postEventSchema>;

/** `source.groupme.img`: one call of the image service, or the reason why there was none. */
export const imageEventSchema = z.looseObject({
  bot_id: z.string(),
  source: z.string(),
  code: z.number().int(),
  type: z.literal('img'),
  text: z.literal(''),
  wbor_message_id: z.string(),
  /** Where the producer said the picture is. */
  image_url: z.string().optional(),
  /** Where GroupMe put it. */
  picture_url: z.string().optional(),
  content_type: z.string().optional(),
  bytes: z.number().int().nonnegative().optional(),
  /** Of the uploaded bytes, hexadecimal. */
  sha256: z.string().optional(),
  attempt: z.number().int().positive().optional(),
  outcome: outcomeSchema.optional(),
  sender: z.string().optional(),
  sent_at: z.iso.datetime().optional(),
  duration_ms: z.number().nonnegative().optional(),
  error: z.string().optional(),
});
export type ImageEvent = z.infer<typeof imageEventSchema>;

/** What is of another type than expected counts as missing: a callback is never refused for it. */
const lenient = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().catch(null);

/**
 * A GroupMe callback as GroupMe sends it. Lenient on purpose: GroupMe documents little, sends null, nothing
 * or "" for the same thing, and adds fields. Ids stay strings, since they exceed 2^53.
 */
export const groupMeCallbackSchema = z.looseObject({
  id: z.string().min(1),
  group_id: lenient(z.string()),
  user_id: lenient(z.string()),
  sender_id: lenient(z.string()),
  sender_type: lenient(z.string()),
  name: lenient(z.string()),
  avatar_url: lenient(z.string()),
  text: lenient(z.string()),
  /** Unix seconds. */
  created_at: lenient(z.number()),
  source_guid: lenient(z.string()),
  system: lenient(z.boolean()),
  attachments: lenient(z.array(z.looseObject({ type: lenient(z.string()) }))),
});
export type GroupMeCallback = z.infer<typeof groupMeCallbackSchema>;

/** `source.groupme.callback` and `source.groupme.echo`: the callback as it came, and our fields. */
export const callbackEventSchema = groupMeCallbackSchema.extend({
  bot_id: z.string().optional(),
  source: z.literal('groupme.callback'),
  code: z.literal(200),
  type: z.literal('log'),
  /** GroupMe's `source_guid`, or its message id where that is missing. */
  wbor_message_id: z.string(),
});
export type CallbackEvent = z.infer<typeof callbackEventSchema>;

/** `source.groupme.undisplayed`: GroupMe accepted a post, and no echo has shown it in time. */
export const undisplayedEventSchema = z.looseObject({
  type: z.literal('undisplayed'),
  source: z.string(),
  bot_id: z.string().optional(),
  wbor_message_id: z.string(),
  part: z.number().int().positive(),
  parts: z.number().int().positive().optional(),
  text: z.string().optional(),
  picture_url: z.string().optional(),
  sent_at: z.iso.datetime(),
  waited_ms: z.number().nonnegative(),
});
export type UndisplayedEvent = z.infer<typeof undisplayedEventSchema>;

export const postEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.msg',
  schema: postEventSchema,
});
export const imageEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.img',
  schema: imageEventSchema,
});
export const callbackEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.callback',
  schema: callbackEventSchema,
});
export const echoEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.echo',
  schema: callbackEventSchema,
});
export const undisplayedEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.undisplayed',
  schema: undisplayedEventSchema,
});
