import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Connection } from './connection.ts';
import { PublishError } from './errors.ts';
import type { BrowsedMessage, QueueBrowser } from './types.ts';

const RETURN_TIMEOUT_MS = 2_000;
const RETURN_POLL_MS = 20;
/** Somebody else has taken what was there when nothing comes for this long. */
const IDLE_MS = 1_000;
/** The protocol's own limit. */
const MAX_PREFETCH = 65_535;

/**
 * Opens a queue for reading without consuming it. All that is there is taken into memory at once.
 *
 * @throws PublishError with code DISCONNECTED while there is no connection.
 */
export async function openBrowser(connection: Connection, queue: string): Promise<QueueBrowser> {
  const model = connection.manager.connection;
  if (!model) throw new PublishError('DISCONNECTED', 'not connected to the broker');
  const channel = await model.createChannel();
  channel.on('error', () => {});
  const { messageCount } = await channel.checkQueue(queue);
  const messages = await takeAll(channel, queue, Math.min(messageCount, MAX_PREFETCH));
  const removed = new Set<ConsumeMessage>();
  let read = 0;
  return {
    async next() {
      const message = messages[read];
      if (message === undefined) return undefined;
      read += 1;
      return toBrowsed(message, () => {
        channel.ack(message);
        removed.add(message);
      });
    },
    async close() {
      try {
        // One by one: a closed channel gives back more than a few in no order at all.
        for (const message of messages) if (!removed.has(message)) channel.nack(message, false, true);
        await channel.close();
      } catch {
        // The channel has gone, and the messages are back with it.
      }
      await waitForMessages(model, queue, messageCount - removed.size);
    },
  };
}

/** Consuming is many times as fast as getting one by one, which takes a quorum queue a millisecond or two each. */
async function takeAll(channel: Channel, queue: string, count: number): Promise<ConsumeMessage[]> {
  const messages: ConsumeMessage[] = [];
  if (count === 0) return messages;
  const { promise, resolve } = Promise.withResolvers<void>();
  channel.once('close', resolve);
  const idle = setTimeout(resolve, IDLE_MS);
  try {
    await channel.prefetch(count);
    const { consumerTag } = await channel.consume(queue, (message) => {
      idle.refresh();
      if (message !== null) messages.push(message);
      if (message === null || messages.length === count) resolve();
    });
    await promise;
    await channel.cancel(consumerTag);
  } finally {
    clearTimeout(idle);
  }
  return messages;
}

/** A quorum queue gives messages back a moment after the channel has closed; the next reader would miss them. */
async function waitForMessages(model: ChannelModel, queue: string, count: number): Promise<void> {
  try {
    const channel = await model.createChannel();
    channel.on('error', () => {});
    const deadline = performance.now() + RETURN_TIMEOUT_MS;
    while ((await channel.checkQueue(queue)).messageCount < count && performance.now() < deadline) {
      await delay(RETURN_POLL_MS);
    }
    await channel.close();
  } catch {
    // The connection has gone, and the messages are back with it.
  }
}

function toBrowsed(message: ConsumeMessage, remove: () => void): BrowsedMessage {
  const { messageId, correlationId, type, contentType, headers } = message.properties;
  return {
    content: message.content,
    routingKey: message.fields.routingKey,
    messageId,
    correlationId,
    type,
    contentType,
    headers: headers ?? {},
    remove,
  };
}
