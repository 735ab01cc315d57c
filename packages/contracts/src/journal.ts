import { z } from 'zod';
import { defineMessage } from './define.ts';
import { PLAN_ID_HEADER } from './headers.ts';
import { relayJournalQueue } from './queues.ts';

/**
 * What the relay writes into its journal before each call of bots/post. The event that says how the call ended has
 * the same AMQP id. A relay that takes over finds here the call whose end its predecessor could not report.
 */
export const callIntentSchema = z.object({
  text: z.string(),
  picture_url: z.string().optional(),
  source: z.string(),
  wbor_message_id: z.string(),
  part: z.number().int().positive().describe('Counted from 1.'),
  parts: z.number().int().positive().describe('How many parts the message has.'),
  attempt: z.number().int().positive().describe('Counted from 1, for this part.'),
  sent_at: z.iso.datetime().describe('The call is not made before.'),
});
export type CallIntent = z.infer<typeof callIntentSchema>;

export const callIntent = defineMessage({
  exchange: 'default',
  key: relayJournalQueue.name,
  schema: callIntentSchema,
  summary: 'The relay is about to call bots/post. For whichever relay takes over.',
  publishers: ['relay'],
  headers: [PLAN_ID_HEADER],
  example: {
    text: 'Power lost in the studio',
    source: 'ups',
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    part: 1,
    parts: 1,
    attempt: 1,
    sent_at: '2025-06-01T12:00:00.000Z',
  },
});
