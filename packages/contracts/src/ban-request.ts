import { z } from 'zod';
import { defineMessage } from './define.ts';
import { ORIGINAL_KEY_HEADER } from './headers.ts';

/** The audit cuts longer ones. */
const MAX_STORED_ID_LENGTH = 256;

/** What somebody writes on a ban, in the console as in the chat. */
export const MAX_BAN_REASON_LENGTH = 200;

export const banRequestSchema = z
  .object({
    id: z.uuid().describe('The same however often it is delivered: it is done once.'),
    action: z.enum(['ban', 'unban']),
    sender: z.string().min(1).max(64).optional().describe('The number that is meant, as it was typed.'),
    wbor_message_id: z
      .string()
      .min(1)
      .max(MAX_STORED_ID_LENGTH)
      .optional()
      .describe('Instead of the number: the message whose sender is meant.'),
    until: z.iso.datetime().nullable().default(null).describe('The end of a ban; null: it has none.'),
    reason: z.string().max(MAX_BAN_REASON_LENGTH).default(''),
    by: z.string().min(1).max(300).describe('Who asks, as the console knows them.'),
    by_name: z.string().min(1).max(100).describe('The same for people.'),
    at: z.iso.datetime(),
  })
  .refine(({ sender, wbor_message_id }) => (sender === undefined) !== (wbor_message_id === undefined), {
    message: 'must name either a sender or a wbor_message_id',
  });
export type BanRequest = z.infer<typeof banRequestSchema>;

/** Somebody asks for a ban, or its end, in the console. */
export const banRequest = defineMessage({
  exchange: 'source',
  key: 'moderation.console',
  schema: banRequestSchema,
  summary:
    'Somebody bans or unbans a sender in the console. The moderator changes the ban list, and says so in the chat.',
  publishers: ['console'],
  headers: [ORIGINAL_KEY_HEADER],
  example: {
    id: '7d9c2f0e-1111-4222-8333-444455556666',
    action: 'ban',
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    until: '2025-06-08T12:00:00.000Z',
    reason: 'spam',
    by: 'oidc:1234',
    by_name: 'Ann',
    at: '2025-06-01T12:00:00.000Z',
  },
});

/** The `callback_id` under which `moderator_handled` has a request once it was worked on. */
export function handledBanRequest({ id }: Pick<BanRequest, 'id'>): string {
  return `console ${id}`;
}
