import { z } from 'zod';
import { addressesOf, MAX_IMAGES } from './image-list.ts';
import { MAX_BODY_LENGTH } from './incoming.ts';
import { isNone, isNothing, MAX_MESSAGE_ID_LENGTH } from './lenient.ts';

/** Sources that are not for HTTP callers: their messages have producers and keys of their own. */
export const RESERVED_SOURCES: readonly string[] = ['twilio', 'groupme', 'command'];

/** The names of the text, in the order in which they count. */
const TEXT_FIELDS = ['body', 'text', 'Body'] as const;

type Texts = Partial<Record<(typeof TEXT_FIELDS)[number], string | null | undefined>>;

const text = z.string().max(MAX_BODY_LENGTH).nullish();

/** Scripts count their messages, and some are named by a number. */
const numberAsText = (value: unknown) => (typeof value === 'number' ? String(value) : value);

const nullAsMissing = (value: unknown) => (value === null ? undefined : value);

function toAddresses(value: unknown): string[] | undefined {
  const addresses = addressesOf(value);
  return addresses.length > 0 ? addresses : undefined;
}

/** Whether text and images are of the right types, so that one can ask whether there is anything to say. */
function isSpokenRequest(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { images, ...fields } = value as Record<string, unknown>;
  const hasTexts = TEXT_FIELDS.every((name) => isNone(fields[name]) || typeof fields[name] === 'string');
  return hasTexts && (images === undefined || Array.isArray(images));
}

/** The different texts that say something. */
function textsOf(request: Texts): string[] {
  const texts = TEXT_FIELDS.map((name) => request[name]);
  return [...new Set(texts.filter((value): value is string => typeof value === 'string' && !isNone(value)))];
}

/**
 * The body of `POST /send`. Unknown fields are refused, as they always were. Fields are read as they are over AMQP where
 * the meaning is plain; what would be left out there is refused here, since the caller can be told.
 */
export const sendRequestSchema = z
  .strictObject({
    password: z
      .preprocess(nullAsMissing, z.string().max(1024).optional())
      .describe('The shared password; or use `Authorization: Bearer`.'),
    body: text.describe('The text for the chat. May be empty when there are images.'),
    text: text.describe('Counts when there is no `body`.'),
    Body: text.describe('Counts when there is neither.'),
    source: z
      .preprocess(
        numberAsText,
        z
          .string()
          .max(64)
          .regex(
            /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/,
            'must be a slug: lower-case letters and digits with single - or _ between them',
          )
          .refine((source) => !RESERVED_SOURCES.includes(source), 'is reserved'),
      )
      .describe('Who is speaking, for example `ups`. `twilio`, `groupme` and `command` are reserved.'),
    images: z
      .preprocess(
        toAddresses,
        z
          .array(z.url({ protocol: /^https?$/ }))
          .max(MAX_IMAGES)
          .optional(),
      )
      .describe('http(s) addresses of pictures to attach. One may stand alone, without a list.'),
    wbor_message_id: z
      .preprocess(
        (value) => (isNothing(value) ? undefined : numberAsText(value)),
        z
          .string()
          .max(MAX_MESSAGE_ID_LENGTH)
          // It would be another one in headers and rows.
          .refine((id) => id.isWellFormed() && !/\p{Cc}/u.test(id), 'has a character that no id may have')
          .optional(),
      )
      .describe('Your own id for the message; made for you when missing.'),
  })
  .refine((request) => textsOf(request).length < 2, {
    message: 'body, text and Body are different texts; send one of them',
    when: ({ value }) => isSpokenRequest(value),
  })
  .refine((request) => textsOf(request).length > 0 || (request.images?.length ?? 0) > 0, {
    path: ['body'],
    message: 'is empty and there are no images',
    // zod leaves refinements out once a field is wrong; the caller is to hear of every fault at once.
    when: ({ value }) => isSpokenRequest(value),
  })
  .transform((request) => {
    const { images, source, wbor_message_id } = request;
    const body = textsOf(request)[0] ?? request.body ?? '';
    return { body, source, ...(images ? { images } : {}), ...(wbor_message_id ? { wbor_message_id } : {}) };
  });
export type SendRequest = z.infer<typeof sendRequestSchema>;

/** What `POST /send` answers with 202. */
export const sendAcceptedSchema = z.object({
  status: z.literal('queued'),
  wbor_message_id: z.string(),
});
export type SendAccepted = z.infer<typeof sendAcceptedSchema>;
