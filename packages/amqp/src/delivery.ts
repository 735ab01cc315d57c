import type { Channel, ConsumeMessage } from 'amqplib';
import { freshAnswer } from './fresh-answer.ts';
import type { Delivery } from './types.ts';

/** A channel that brings deliveries, until it is lost. */
export interface DeliveringChannel {
  readonly channel: Channel;
  /** No other channel of this process has the same. */
  readonly id: number;
  readonly signal: AbortSignal;
  /** Aborts the signal: what the channel brought can be settled no more. */
  lose(): void;
}

let lastId = 0;

/** Our patch of the client library keeps no more than the beginning of a body above this, and says so. */
export function limitContent(channel: Channel, maxMessageBytes: number): void {
  Object.assign(channel, { maxContentSize: maxMessageBytes });
}

export function omittedOf(message: ConsumeMessage): Delivery['omitted'] {
  const { omitted } = message as { omitted?: { size: number; sha256: string } };
  return omitted && { bytes: omitted.size, sha256: omitted.sha256 };
}

export function deliveringChannel(channel: Channel): DeliveringChannel {
  const lost = new AbortController();
  lastId += 1;
  return { channel, id: lastId, signal: lost.signal, lose: () => lost.abort() };
}

/** Makes a delivery of what the channel brought; `onAck` is called for each acknowledgement that is sent. */
export function toDelivery(
  { channel, id, signal }: DeliveringChannel,
  queue: string,
  message: ConsumeMessage,
  onAck: () => void,
): Delivery {
  const { properties, fields } = message;
  // amqplib throws when the channel has gone. The broker has given the message to somebody else by then.
  const settle = (act: () => void): boolean => {
    if (signal.aborted) return false;
    try {
      act();
      return true;
    } catch {
      return false;
    }
  };
  return {
    content: message.content,
    omitted: omittedOf(message),
    queue,
    channelId: id,
    routingKey: fields.routingKey,
    exchange: fields.exchange,
    redelivered: fields.redelivered,
    messageId: nonEmptyText(properties.messageId),
    correlationId: nonEmptyText(properties.correlationId),
    replyTo: nonEmptyText(properties.replyTo),
    contentType: nonEmptyText(properties.contentType),
    contentEncoding: nonEmptyText(properties.contentEncoding),
    timestamp: timestampOf(properties.timestamp),
    priority: typeof properties.priority === 'number' ? properties.priority : 0,
    expirationMs: expirationOf(properties.expiration),
    headers: properties.headers ?? {},
    signal,
    ack() {
      const acked = settle(() => channel.ack(message));
      if (acked) onAck();
      return acked;
    },
    requeue: () => settle(() => channel.nack(message, false, true)),
    async isHeld() {
      if (signal.aborted) return false;
      try {
        await freshAnswer(() => channel.checkQueue(queue));
        return !signal.aborted;
      } catch {
        return false;
      }
    },
  };
}

function nonEmptyText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** AMQP timestamps are seconds; some producers send milliseconds. */
function timestampOf(value: unknown): Date | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) return undefined;
  const date = new Date(value > 100_000_000_000 ? value : value * 1000);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** AMQP has it as a string of milliseconds. */
function expirationOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : undefined;
}
