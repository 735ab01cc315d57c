import { z } from 'zod';
import { defineMessage } from './define.ts';
import { ORIGINAL_KEY_HEADER, PLAN_ID_HEADER } from './headers.ts';
import { isNone, nameOf, lenient as readAs } from './lenient.ts';
import { toUnixSeconds } from './unix-seconds.ts';

/** How one API call ended, or why there was none. */
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
const OUTCOMES = [
  '`delivered`: GroupMe said 2xx',
  '`refused`: GroupMe said 429 or 420; nothing was posted and the call is repeated',
  '`unreachable`: no connection was made, so nothing was posted; the call is repeated',
  '`unknown`: time-out, reset or 5xx; the post may or may not be in the chat',
  '`misconfigured`: 401 or 404 for the bot or the token; kept until the configuration is right',
  '`rejected`: another 4xx; no retry can help',
  '`already-sent`: the producer posted by itself and asked for the log only',
  '`blocked`: no call was made, since the sender is banned',
  "`expired`: no call was made, since the producer's deadline had passed",
  '`not-attached`: no upload was tried, since the picture could not be fetched or is of no use',
].join('; ');
export type Outcome = z.infer<typeof outcomeSchema>;

/** What showed whether a post of unknown outcome is in the chat. */
const evidenceSchema = z.enum(['echo', 'read-back', 'none']);
export type Evidence = z.infer<typeof evidenceSchema>;

const CODE = 'The HTTP status; 0 when no answer came.';

export const postEventSchema = z.looseObject({
  text: z.string().optional(),
  picture_url: z.string().optional(),
  bot_id: z.string(),
  source: z.string(),
  code: z.number().int().describe(CODE),
  type: z.literal('log'),
  wbor_message_id: z.string(),
  part: z.number().int().positive().optional().describe('Counted from 1.'),
  parts: z.number().int().positive().optional().describe('How many parts the message has.'),
  attempt: z.number().int().positive().optional().describe('Counted from 1, for this part.'),
  outcome: outcomeSchema.optional().describe(OUTCOMES),
  evidence: evidenceSchema
    .optional()
    .describe(
      "What showed whether a post of unknown outcome is in the chat: its echo, a look at the group's messages, or nothing, in which case it is posted again.",
    ),
  sender: z.string().optional(),
  sender_name: z.string().optional(),
  published_at: z.iso
    .datetime()
    .optional()
    .describe(
      'When its producer published the message, to within a second. With the first call of the first part.',
    ),
  planned_at: z.iso
    .datetime()
    .optional()
    .describe('When the relay had made parts of it. With the first call of the first part.'),
  sent_at: z.iso.datetime().optional(),
  deliver_by: z.iso.datetime().optional().describe('With `expired`: the deadline that had passed.'),
  duration_ms: z.number().nonnegative().optional(),
  error: z.string().optional(),
});
export type PostEvent = z.infer<typeof postEventSchema>;

export const imageEventSchema = z.looseObject({
  bot_id: z.string(),
  source: z.string(),
  code: z.number().int().describe(CODE),
  type: z.literal('img'),
  text: z.literal(''),
  wbor_message_id: z.string(),
  image_url: z.string().optional().describe('Where the producer said the picture is.'),
  picture_url: z.string().optional().describe('Where GroupMe put it.'),
  content_type: z.string().optional(),
  bytes: z.number().int().nonnegative().optional(),
  sha256: z.string().optional().describe('Of the uploaded bytes, hexadecimal.'),
  attempt: z.number().int().positive().optional().describe('Counted from 1.'),
  outcome: outcomeSchema.optional().describe(OUTCOMES),
  sender: z.string().optional(),
  sent_at: z.iso.datetime().optional(),
  duration_ms: z.number().nonnegative().optional(),
  error: z.string().optional(),
});
export type ImageEvent = z.infer<typeof imageEventSchema>;

/** What is of another type than expected counts as missing: a callback is never refused for it. */
const lenient = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().catch(null);

/** A number is the same id as its digits. Beyond 2^53 the reader of JSON has made a string of them. */
const id = readAs({ strict: z.string().nullish(), read: nameOf, finish: (value) => value ?? null });
const unixSeconds = readAs({
  strict: z.number().nullish(),
  read: toUnixSeconds,
  finish: toUnixSeconds,
  description: 'Unix seconds.',
});

/** Whoever says yes in another form says yes; what is unclear is no word of a member. */
const notice = readAs({
  strict: z.boolean().nullish(),
  read: (value) =>
    isNone(value) ? null : !['false', 'no', '0'].includes(String(value).trim().toLowerCase()),
  finish: (value) => value ?? null,
});

const attachment = z.looseObject({ type: lenient(z.string()) });
/** A list that holds something odd keeps the rest, and one that stands alone is a list of one. */
export const attachmentsField = readAs({
  strict: z.array(attachment).nullish(),
  read: (value) =>
    [value].flat().flatMap((entry) => {
      const reading = attachment.safeParse(entry);
      return reading.success ? [reading.data] : [];
    }),
  finish: (value) => value ?? null,
});

/**
 * A GroupMe callback as GroupMe sends it. Lenient on purpose: GroupMe documents little, sends null, nothing
 * or "" for the same thing, and adds fields. Ids are strings, since they exceed 2^53.
 */
export const groupMeCallbackSchema = z.looseObject({
  id: z.union([z.string().min(1), z.number()]).transform(String),
  group_id: id,
  user_id: id,
  sender_id: id,
  sender_type: lenient(z.string()),
  name: lenient(z.string()),
  avatar_url: lenient(z.string()),
  text: lenient(z.string()),
  created_at: unixSeconds,
  source_guid: lenient(z.string()),
  system: notice,
  attachments: attachmentsField,
});
export type GroupMeCallback = z.infer<typeof groupMeCallbackSchema>;

/** The callback as it came, and our fields. */
export const callbackEventSchema = groupMeCallbackSchema.extend({
  bot_id: z.string().optional(),
  source: z.literal('groupme.callback'),
  code: z.literal(200),
  type: z.literal('log'),
  wbor_message_id: z.string().describe("GroupMe's `source_guid`, or its message id where that is missing."),
});
export type CallbackEvent = z.infer<typeof callbackEventSchema>;

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
  waited_ms: z.number().nonnegative().describe('How long no echo has come.'),
});
export type UndisplayedEvent = z.infer<typeof undisplayedEventSchema>;

export const postEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.msg',
  schema: postEventSchema,
  summary: "One call of bots/post, the reason why there was none, or a producer's own post.",
  publishers: ['relay'],
  listeners: ['gateway'],
  headers: [PLAN_ID_HEADER, ORIGINAL_KEY_HEADER],
  example: {
    text: '"Great show!"\n---UID---\n0a1b2c3d\n---------',
    bot_id: '0123456789abcdef01234567',
    source: 'twilio',
    code: 202,
    type: 'log',
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    part: 1,
    parts: 1,
    attempt: 1,
    outcome: 'delivered',
    sender: '+12075550123',
    sent_at: '2025-06-01T12:00:00.000Z',
    duration_ms: 182,
  },
});

export const imageEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.img',
  schema: imageEventSchema,
  summary: 'One call of the image service, or the reason why there was none.',
  publishers: ['relay'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    bot_id: '0123456789abcdef01234567',
    source: 'ups',
    code: 200,
    type: 'img',
    text: '',
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    image_url: 'https://example.org/ups.png',
    picture_url: 'https://i.groupme.com/640x480.png.0123456789abcdef',
    content_type: 'image/png',
    bytes: 20480,
    attempt: 1,
    outcome: 'delivered',
    sent_at: '2025-06-01T12:00:00.000Z',
    duration_ms: 340,
  },
});

const callbackExample = {
  id: '174877920000000001',
  group_id: '1234567890',
  user_id: '77',
  sender_id: '77',
  sender_type: 'user',
  name: 'Manager',
  avatar_url: null,
  text: '!ping',
  created_at: 1748779200,
  source_guid: 'guid-1',
  system: false,
  attachments: [],
  source: 'groupme.callback',
  code: 200,
  type: 'log',
  wbor_message_id: 'guid-1',
} as const;

export const callbackEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.callback',
  schema: callbackEventSchema,
  summary: 'What a person, or GroupMe itself, said in the chat.',
  publishers: ['gateway'],
  headers: [ORIGINAL_KEY_HEADER],
  example: { ...callbackExample, attachments: [] },
});

export const echoEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.echo',
  schema: callbackEventSchema,
  summary: 'What a bot posted, as GroupMe shows it: the proof that a post of ours is in the chat.',
  publishers: ['gateway'],
  listeners: ['relay'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    ...callbackExample,
    sender_type: 'bot',
    name: 'WBOR',
    text: 'pong',
    source_guid: 'guid-2',
    attachments: [],
    wbor_message_id: 'guid-2',
  },
});

export const undisplayedEvent = defineMessage({
  exchange: 'source',
  key: 'source.groupme.undisplayed',
  schema: undisplayedEventSchema,
  summary: 'GroupMe accepted a post, and no echo has shown it in time.',
  publishers: ['relay'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    type: 'undisplayed',
    source: 'ups',
    bot_id: '0123456789abcdef01234567',
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    part: 1,
    parts: 1,
    text: 'Power lost in the studio',
    sent_at: '2025-06-01T12:00:00.000Z',
    waited_ms: 120000,
  },
});
