import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib';
import type { Connection } from './connection.ts';
import { PublishError } from './errors.ts';
import type { BrowsedMessage, QueueBrowser } from './types.ts';

const RETURN_TIMEOUT_MS = 2_000;
const RETURN_POLL_MS = 5;
/** Messages that are taken at once: first these, then twice as many each time as long as they are small. */
const FIRST_CHUNK = 32;
const MAX_CHUNK = 1_024;
const SMALL_CHUNK_BYTES = 1_048_576;
/** What is given back before the queue has taken it: of more the broker makes one list, in no order. */
const GIVE_BACK_AT_ONCE = 32;
/** Somebody else has taken what was there when nothing comes for this long. */
const IDLE_MS = 5_000;

/**
 * Opens a queue for reading. What is read is held unacknowledged until it is removed or given back by `close()`.
 *
 * @throws PublishError with code DISCONNECTED while there is no connection.
 */
export async function openBrowser(connection: Connection, queue: string): Promise<QueueBrowser> {
  const model = connection.manager.connection;
  if (!model) throw new PublishError('DISCONNECTED', 'not connected to the broker');
  const channel = await model.createChannel();
  channel.on('error', () => {});
  const { messageCount } = await channel.checkQueue(queue);
  let left = messageCount;
  let size = FIRST_CHUNK;
  let chunk: ConsumeMessage[] = [];
  /** Delivery tags that we hold, in order. */
  const held = new Set<number>();
  let removed = 0;

  async function takeNextChunk(): Promise<void> {
    chunk = await takeChunk(channel, queue, Math.min(left, size));
    const bytes = chunk.reduce((sum, { content }) => sum + content.length, 0);
    size = bytes < SMALL_CHUNK_BYTES ? Math.min(size * 2, MAX_CHUNK) : FIRST_CHUNK;
    for (const { fields } of chunk) held.add(fields.deliveryTag);
    left = chunk.length === 0 ? 0 : left - chunk.length;
  }

  return {
    async next() {
      if (chunk.length === 0 && left > 0) await takeNextChunk();
      const message = chunk.shift();
      if (message === undefined) return undefined;
      return toBrowsed(message, () => {
        channel.ack(message);
        held.delete(message.fields.deliveryTag);
        removed += 1;
      });
    },
    async close() {
      try {
        // A closed channel gives back more than a few messages in no order at all.
        const { messageCount: others } = await channel.checkQueue(queue);
        for (const [index, deliveryTag] of [...held].entries()) {
          giveBack(channel, deliveryTag);
          const given = index + 1;
          if (given % GIVE_BACK_AT_ONCE === 0) await waitForCount(channel, queue, others + given);
        }
        await channel.close();
      } catch {
        // The channel has gone, and the messages are back with it.
      }
      await waitForMessages(model, queue, messageCount - removed);
    },
  };
}

/** Consuming is many times as fast as getting one by one, which takes a quorum queue a millisecond or two each. */
async function takeChunk(channel: Channel, queue: string, size: number): Promise<ConsumeMessage[]> {
  const messages: ConsumeMessage[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  channel.once('close', resolve);
  const idle = setTimeout(resolve, IDLE_MS);
  try {
    // Holds for the consumers that begin after it.
    await channel.prefetch(size);
    const { consumerTag } = await channel.consume(queue, (message) => {
      idle.refresh();
      if (message !== null) messages.push(message);
      if (message === null || messages.length === size) resolve();
    });
    await promise;
    await channel.cancel(consumerTag);
  } finally {
    clearTimeout(idle);
    channel.off('close', resolve);
  }
  return messages;
}

/** amqplib wants the whole message and reads its tag: we have no use for the rest any more. */
function giveBack(channel: Channel, deliveryTag: number): void {
  channel.nack({ fields: { deliveryTag } } as ConsumeMessage, false, true);
}

/** A quorum queue gives messages back a moment after the channel has closed; the next reader would miss them. */
async function waitForMessages(model: ChannelModel, queue: string, count: number): Promise<void> {
  try {
    const channel = await model.createChannel();
    channel.on('error', () => {});
    await waitForCount(channel, queue, count);
    await channel.close();
  } catch {
    // The connection has gone, and the messages are back with it.
  }
}

async function waitForCount(channel: Channel, queue: string, count: number): Promise<void> {
  const deadline = performance.now() + RETURN_TIMEOUT_MS;
  while ((await channel.checkQueue(queue)).messageCount < count && performance.now() < deadline) {
    await delay(RETURN_POLL_MS);
  }
}

function toBrowsed(message: ConsumeMessage, remove: () => void): BrowsedMessage {
  const { messageId, correlationId, type, contentType, contentEncoding, headers } = message.properties;
  return {
    content: message.content,
    routingKey: message.fields.routingKey,
    messageId,
    correlationId,
    type,
    contentType,
    contentEncoding,
    headers: headers ?? {},
    remove,
  };
}
