import { z } from 'zod';
import { MAX_IMAGES } from './image-list.ts';
import { MAX_BODY_LENGTH } from './incoming.ts';
import { MAX_MESSAGE_ID_LENGTH } from './lenient.ts';

/** Sources that are not for HTTP callers: their messages have producers and keys of their own. */
export const RESERVED_SOURCES: readonly string[] = ['twilio', 'groupme', 'command'];

/** Whether body and images are of the right types, so that one can ask whether there is anything to say. */
function isSpokenRequest(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { body, images } = value as { body?: unknown; images?: unknown };
  return typeof body === 'string' && (images === undefined || Array.isArray(images));
}

/** The body of `POST /send`. Unknown fields are refused, as they always were. */
export const sendRequestSchema = z
  .strictObject({
    password: z
      .string()
      .max(1024)
      .optional()
      .describe('The shared password; or use `Authorization: Bearer`.'),
    body: z
      .string()
      .max(MAX_BODY_LENGTH)
      .default('')
      .describe('The text for the chat. May be empty when there are images.'),
    source: z
      .string()
      .max(64)
      .regex(
        /^[a-z0-9]+(?:[-_][a-z0-9]+)*$/,
        'must be a slug: lower-case letters and digits with single - or _ between them',
      )
      .refine((source) => !RESERVED_SOURCES.includes(source), 'is reserved')
      .describe('Who is speaking, for example `ups`. `twilio`, `groupme` and `command` are reserved.'),
    images: z
      .array(z.url({ protocol: /^https?$/ }))
      .max(MAX_IMAGES)
      .optional()
      .describe('http(s) addresses of pictures to attach.'),
    wbor_message_id: z
      .string()
      .max(MAX_MESSAGE_ID_LENGTH)
      // The relay takes a blank id for a missing one, and the caller would be told an id that nobody knows.
      .regex(/\S/, 'is blank')
      .optional()
      .describe('Your own id for the message; made for you when missing.'),
  })
  .refine((request) => request.body.trim() !== '' || (request.images?.length ?? 0) > 0, {
    path: ['body'],
    message: 'is empty and there are no images',
    // zod leaves refinements out once a field is wrong; the caller is to hear of every fault at once.
    when: ({ value }) => isSpokenRequest(value),
  });
export type SendRequest = z.infer<typeof sendRequestSchema>;

/** What `POST /send` answers with 202. */
export const sendAcceptedSchema = z.object({
  status: z.literal('queued'),
  wbor_message_id: z.string(),
});
export type SendAccepted = z.infer<typeof sendAcceptedSchema>;
