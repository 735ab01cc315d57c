import { z } from 'zod';
import { defineMessage } from './define.ts';

const progressSchema = z.looseObject({
  wbor_message_id: z.string(),
  source: z.string(),
  state: z
    .enum(['planned', 'posting', 'in-doubt', 'parked'])
    .describe(
      '`planned`: its posts are ready and wait for their turn; `posting`: a call is about to be made; `in-doubt`: a call had no answer, and the chat is looked at; `parked`: it waits for a person',
    ),
  part: z.number().int().positive().optional().describe('Counted from 1, of the call.'),
  parts: z.number().int().positive().optional().describe('How many posts it makes.'),
  reason: z.string().optional().describe('Why it was parked.'),
  text: z.string().max(300).optional().describe('With `planned`: the beginning of its first post.'),
  sender: z.string().optional().describe('With `planned`: the phone number of an SMS.'),
  sender_name: z.string().optional(),
  amqp_message_id: z.string().optional().describe('With `planned`: of the message that it was made of.'),
  at: z.iso.datetime(),
});
export type Progress = z.infer<typeof progressSchema>;

export const progressEvent = defineMessage({
  exchange: 'source',
  key: 'relay.progress',
  schema: progressSchema,
  summary:
    'How far a message is, for people who watch. With PROGRESS_EVENTS of the relay; no queue keeps it.',
  publishers: ['relay'],
  listeners: ['console'],
  example: {
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    source: 'twilio',
    state: 'posting',
    part: 2,
    parts: 3,
    at: '2025-06-01T12:00:00.000Z',
  },
});
