import { z } from 'zod';
import { defineMessage } from './define.ts';
import { relayJournalQueue } from './queues.ts';

/**
 * What the relay writes into its journal before each call of bots/post. The event that tells how the call ended has
 * the same AMQP id. A relay that takes over finds here the call that its predecessor could not tell of.
 */
export const callIntentSchema = z.object({
  text: z.string(),
  picture_url: z.string().optional(),
  source: z.string(),
  wbor_message_id: z.string(),
  /** Counted from 1. */
  part: z.number().int().positive(),
  parts: z.number().int().positive(),
  attempt: z.number().int().positive(),
  /** The call is not made before. */
  sent_at: z.iso.datetime(),
});
export type CallIntent = z.infer<typeof callIntentSchema>;

export const callIntent = defineMessage({
  exchange: 'default',
  key: relayJournalQueue.name,
  schema: callIntentSchema,
});
