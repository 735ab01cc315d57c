import type { Channel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import { v7 as uuidv7 } from 'uuid';
import { type ConfirmingChannel, type ConfirmOptions, confirmingChannel } from './confirming-channel.ts';
import { PublishError } from './errors.ts';
import { freshAnswer, isFresh } from './fresh-answer.ts';
import { type Destination, type OutgoingMessage, outgoingMessage } from './outgoing.ts';
import type { Answers } from './refusals.ts';
import type { Delivery } from './types.ts';
import { untilConfirmed } from './until-confirmed.ts';

/** A channel that brings deliveries, until it is lost. */
export interface DeliveringChannel {
  readonly channel: Channel;
  readonly confirming: Pick<ConfirmingChannel, 'publish'>;
  /** Where what is published goes. */
  readonly destination: Destination;
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

export function deliveringChannel(
  channel: ConfirmChannel,
  destination: Destination,
  options: ConfirmOptions,
  answers: Answers,
): DeliveringChannel {
  const confirming = confirmingChannel(channel, options, answers);
  const lost = new AbortController();
  lastId += 1;
  return {
    channel,
    confirming,
    destination,
    id: lastId,
    signal: lost.signal,
    lose() {
      lost.abort();
      confirming.lose();
    },
  };
}

/** Makes a delivery of what the channel brought; `onAck` is called for each acknowledgement that is sent. */
export function toDelivery(
  { channel, confirming, destination, id, signal }: DeliveringChannel,
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

  async function isHeld(): Promise<boolean> {
    if (signal.aborted) return false;
    try {
      await freshAnswer(() => channel.checkQueue(queue));
      return !signal.aborted;
    } catch {
      return false;
    }
  }

  async function publishWhileHeld(outgoing: OutgoingMessage): Promise<void> {
    const publishedAt = performance.now();
    await confirming.publish(outgoing);
    if (isFresh(publishedAt) || (await isHeld())) return;
    throw new PublishError('CHANNEL_CLOSED', 'the message that it is about was taken from us');
  }

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
    isHeld,
    publishWhileHeld(definition, body, published = {}, given) {
      const { messageId = uuidv7() } = published;
      const outgoing = outgoingMessage(destination, definition, body, { ...published, messageId });
      const stop = given === undefined ? signal : AbortSignal.any([signal, given]);
      return untilConfirmed(() => publishWhileHeld(outgoing), stop);
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
