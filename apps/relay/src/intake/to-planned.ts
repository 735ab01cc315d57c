import type { Delivery } from '@wbor/amqp';
import type { PlannedMessage } from '@wbor/contracts';
import type { IncomingMessage } from './parse-incoming.ts';

/** A message as delivery gets it. */
export function toPlanned(
  message: IncomingMessage,
  parts: PlannedMessage['parts'],
  delivery: Delivery,
  deliverBy: number | undefined,
): PlannedMessage {
  return {
    wbor_message_id: message.wborMessageId,
    source: message.source,
    parts,
    ...(message.sender === undefined ? {} : { sender: message.sender }),
    ...(message.senderName === undefined ? {} : { sender_name: message.senderName }),
    acknowledge: message.acknowledge,
    planned_at: Date.now(),
    ...(deliverBy === undefined ? {} : { deliver_by: deliverBy }),
    ...(delivery.replyTo === undefined ? {} : { reply_to: delivery.replyTo }),
    ...(delivery.correlationId === undefined ? {} : { correlation_id: delivery.correlationId }),
  };
}
