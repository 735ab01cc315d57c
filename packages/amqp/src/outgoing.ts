import type { InterimReply, MessageDefinition, Reply, Topology } from '@wbor/contracts';
import type { BytesOptions, PublishOptions } from './types.ts';

/** A message on its way to the broker, when it is known where it goes. */
export interface OutgoingMessage {
  /** Name of the exchange; `''` is the default exchange. */
  readonly exchange: string;
  /** Routing key, or the queue's full name for the default exchange. */
  readonly routingKey: string;
  /** Encoded as JSON when it is published. */
  readonly body: unknown;
  readonly messageId?: string;
  readonly type: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly mandatory?: boolean;
}

/** The same with bytes instead of a body. */
export interface OutgoingBytes extends Omit<OutgoingMessage, 'body'> {
  readonly bytes: Buffer;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly priority?: number;
}

/** Where a deployment's messages go. */
export interface Destination {
  readonly exchange: { readonly name: string };
  readonly queuePrefix: string;
}

export function outgoingMessage(
  { exchange, queuePrefix }: Destination,
  definition: MessageDefinition,
  body: unknown,
  { key = definition.key, ...options }: PublishOptions,
): OutgoingMessage {
  return definition.exchange === 'source'
    ? { exchange: exchange.name, routingKey: key, type: key, body, ...options }
    : { exchange: '', routingKey: `${queuePrefix}${key}`, type: definition.key, body, ...options };
}

export function outgoingBytes(
  { own }: Pick<Topology, 'own'>,
  queue: string,
  bytes: Buffer,
  options: BytesOptions,
): OutgoingBytes {
  const exchange = own?.queues.includes(queue) ? own.name : '';
  return { exchange, routingKey: queue, type: queue, bytes, ...options };
}

export function outgoingReply(
  replyTo: string,
  body: Reply | InterimReply,
  {
    correlationId,
    mandatory = false,
  }: { readonly correlationId?: string | undefined; readonly mandatory?: boolean },
): OutgoingMessage {
  return {
    exchange: '',
    routingKey: replyTo,
    type: 'reply',
    body,
    // The producer may have gone, which is its own affair as a rule.
    mandatory,
    ...(correlationId === undefined ? {} : { correlationId }),
  };
}
