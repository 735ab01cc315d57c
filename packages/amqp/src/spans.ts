import { SpanKind, type SpanStart, traceOf } from '@wbor/tracing';
import type { OutgoingBytes, OutgoingMessage } from './outgoing.ts';
import type { Delivery } from './types.ts';

// Names and attributes by OpenTelemetry's conventions for RabbitMQ.

/** Of sending a message. */
export function sendSpan({ exchange, messageId, routingKey }: OutgoingMessage | OutgoingBytes): SpanStart {
  return {
    kind: SpanKind.PRODUCER,
    attributes: {
      'messaging.system': 'rabbitmq',
      'messaging.operation.type': 'send',
      'messaging.operation.name': 'send',
      'messaging.destination.name': exchange === '' ? routingKey : `${exchange}:${routingKey}`,
      'messaging.rabbitmq.destination.routing_key': routingKey,
      ...(messageId === undefined ? {} : { 'messaging.message.id': messageId }),
    },
  };
}

/** Of all that is done with a delivery until it is settled or given back; part of the trace that its message names. */
export function processSpan({
  content,
  exchange,
  headers,
  messageId,
  queue,
  routingKey,
}: Delivery): SpanStart {
  return {
    kind: SpanKind.CONSUMER,
    attributes: {
      'messaging.system': 'rabbitmq',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': [exchange, routingKey, queue].filter((part) => part !== '').join(':'),
      'messaging.rabbitmq.destination.routing_key': routingKey,
      'messaging.message.body.size': content.length,
      ...(messageId === undefined ? {} : { 'messaging.message.id': messageId }),
    },
    parent: traceOf(headers),
  };
}
