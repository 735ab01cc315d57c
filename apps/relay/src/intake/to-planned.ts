import type { Delivery } from '@wbor/amqp';
import { INTERIM_REPLY_HEADER, type PlannedMessage } from '@wbor/contracts';
import { publishedAtMs } from './deadline.ts';
import type { IncomingMessage } from './parse-incoming.ts';
import { headerOf } from './sources/source.ts';
import { yesOrNo } from './sources/yes-or-no.ts';

/** A message as delivery gets it. */
export function toPlanned(
  message: IncomingMessage,
  parts: PlannedMessage['parts'],
  delivery: Delivery,
  deliverBy: number | undefined,
): PlannedMessage {
  const nowMs = Date.now();
  return {
    wbor_message_id: message.wborMessageId,
    source: message.source,
    parts,
    ...(message.sender === undefined ? {} : { sender: message.sender }),
    ...(message.senderName === undefined ? {} : { sender_name: message.senderName }),
    acknowledge: message.acknowledge,
    planned_at: nowMs,
    published_at: publishedAtMs(delivery, nowMs),
    ...(deliverBy === undefined ? {} : { deliver_by: deliverBy }),
    ...(delivery.replyTo === undefined ? {} : { reply_to: delivery.replyTo }),
    ...(delivery.replyTo !== undefined && yesOrNo(headerOf(delivery.headers, INTERIM_REPLY_HEADER)) === true
      ? { interim_reply: true }
      : {}),
    ...(delivery.correlationId === undefined ? {} : { correlation_id: delivery.correlationId }),
  };
}
