import { z } from 'zod';
import { defineFamily } from './define.ts';
import { IN_DOUBT_HEADER, LOW_PRIORITY_HEADER } from './headers.ts';
import { relayOutboxQueue } from './queues.ts';

/** One post in the chat. */
const partSchema = z.object({
  text: z.string().describe('Empty for a picture.'),
  picture_url: z.string().optional().describe('Where GroupMe has the picture.'),
});
export type Part = z.infer<typeof partSchema>;

/** A message whose parts are ready to be posted in order. Written by intake, read by delivery. */
export const plannedMessageSchema = z.object({
  wbor_message_id: z.string().min(1),
  source: z.string().min(1),
  parts: z.array(partSchema).min(1).describe('The posts in the chat, in their order.'),
  planned_at: z.number().int().describe('Epoch milliseconds. No part can have been posted before.'),
  published_at: z
    .number()
    .int()
    .optional()
    .describe('Epoch milliseconds, to within a second: when its producer published it, for the metrics.'),
  deliver_by: z
    .number()
    .int()
    .optional()
    .describe(
      'Epoch milliseconds: from then on the producer has posted by itself, so nothing is begun any more.',
    ),
  sender: z.string().optional().describe('The phone number of an SMS.'),
  sender_name: z.string().optional(),
  acknowledge: z.boolean().describe('Whether the SMS service waits for a POST to `ACK_URL`.'),
  reply_to: z
    .string()
    .optional()
    .describe("The producer's AMQP reply address. Untrusted: checked before use."),
  correlation_id: z.string().optional().describe('Returned with the reply.'),
  interim_reply: z
    .boolean()
    .optional()
    .describe('Whether the producer wants to hear that the message is about to be posted.'),
});
export type PlannedMessage = z.infer<typeof plannedMessageSchema>;

/** Its key is the queue of one lane of delivery. */
export const plannedMessage = defineFamily({
  exchange: 'default',
  key: relayOutboxQueue.name,
  family: 'lane',
  schema: plannedMessageSchema,
  summary: 'A message whose parts are ready to be posted. From the relay to itself.',
  publishers: ['relay'],
  headers: [IN_DOUBT_HEADER, LOW_PRIORITY_HEADER],
  example: {
    wbor_message_id: '0a1b2c3d-1111-4222-8333-444455556666',
    source: 'twilio',
    parts: [{ text: '"Great show!"\n---UID---\n0a1b2c3d\n---------' }],
    planned_at: 1748779200000,
    sender: '+12075550123',
    acknowledge: true,
  },
});

/** There is no definition of it: its queue is the producer's own. */
export const replySchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('success'), message_id: z.string().describe('The `wbor_message_id`.') }),
  z.object({
    status: z.literal('failed'),
    message_id: z.string().describe('The `wbor_message_id`.'),
    code: z.number().int().describe('The HTTP status of the last call; 0 when there was none.'),
    reason: z.string().describe('For people.'),
  }),
]);
export type Reply = z.infer<typeof replySchema>;

/** Comes before the reply, when it was asked for by the header `x-interim-reply`. */
export const interimReplySchema = z.object({
  status: z.literal('posting'),
  message_id: z.string().describe('The `wbor_message_id`.'),
});
export type InterimReply = z.infer<typeof interimReplySchema>;

export const interimReplySummary =
  'The relay is about to post the message: who waits for it must not post it, but wait for the reply. A reply of `failed` with the code 408 takes that back: the relay has posted nothing of it and never will. Only with the header `x-interim-reply`, and perhaps more than once.';
export const interimReplyExample: InterimReply = {
  status: 'posting',
  message_id: '0a1b2c3d-1111-4222-8333-444455556666',
};

export const replySummary =
  'How a message ended: after its last part was delivered, or when it is certain that it will not be. Only for a message with `reply_to`.';
export const replyExample: Reply = {
  status: 'failed',
  message_id: '0a1b2c3d-1111-4222-8333-444455556666',
  code: 400,
  reason: 'GroupMe rejected the post',
};
