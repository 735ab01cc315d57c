import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelModel, GetMessage } from 'amqplib';
import type { Connection } from './connection.ts';
import { PublishError } from './errors.ts';
import type { BrowsedMessage, QueueBrowser } from './types.ts';

const RETURN_TIMEOUT_MS = 2_000;
const RETURN_POLL_MS = 20;

/**
 * Opens a queue for reading without consuming it.
 *
 * @throws PublishError with code DISCONNECTED while there is no connection.
 */
export async function openBrowser(connection: Connection, queue: string): Promise<QueueBrowser> {
  const model = connection.manager.connection;
  if (!model) throw new PublishError('DISCONNECTED', 'not connected to the broker');
  const channel = await model.createChannel();
  channel.on('error', () => {});
  const { messageCount } = await channel.checkQueue(queue);
  let read = 0;
  let removed = 0;
  return {
    async next() {
      if (read >= messageCount) return undefined;
      const message = await channel.get(queue, { noAck: false });
      if (message === false) return undefined;
      read += 1;
      return toBrowsed(message, () => {
        channel.ack(message);
        removed += 1;
      });
    },
    async close() {
      await channel.close().catch(() => {});
      await waitForMessages(model, queue, messageCount - removed);
    },
  };
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

function toBrowsed(message: GetMessage, remove: () => void): BrowsedMessage {
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
