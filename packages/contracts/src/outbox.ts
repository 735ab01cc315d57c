import { z } from 'zod';
import { defineMessage } from './define.ts';
import { relayOutboxQueue } from './queues.ts';

/** One post in the chat: a text, or a picture with an empty text. */
const partSchema = z.object({
  text: z.string(),
  picture_url: z.string().optional(),
});
export type Part = z.infer<typeof partSchema>;

/** A message whose parts are ready to be posted in order. Written by intake, read by delivery. */
export const plannedMessageSchema = z.object({
  wbor_message_id: z.string().min(1),
  source: z.string().min(1),
  parts: z.array(partSchema).min(1),
  /** Epoch milliseconds. No part can have been posted before. */
  planned_at: z.number().int(),
  /** Epoch milliseconds: from then on the producer has posted by itself, so nothing is begun any more. */
  deliver_by: z.number().int().optional(),
  sender: z.string().optional(),
  sender_name: z.string().optional(),
  /** Whether the SMS service waits for a POST to ACK_URL. */
  acknowledge: z.boolean(),
  /** The producer's AMQP reply address. Untrusted: checked before use. */
  reply_to: z.string().optional(),
  correlation_id: z.string().optional(),
});
export type PlannedMessage = z.infer<typeof plannedMessageSchema>;

export const plannedMessage = defineMessage({
  exchange: 'default',
  key: relayOutboxQueue.name,
  schema: plannedMessageSchema,
});

/** What the producer is told on its `reply_to` queue. */
export const replySchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('success'), message_id: z.string() }),
  z.object({
    status: z.literal('failed'),
    message_id: z.string(),
    code: z.number().int(),
    reason: z.string(),
  }),
]);
export type Reply = z.infer<typeof replySchema>;
