import type { Channel, GetMessage } from 'amqplib';
import type { Connection } from './connection.ts';
import { PublishError } from './errors.ts';

/** A message that is looked at. It stays in its queue unless it is removed. */
export interface BrowsedMessage {
  readonly content: Buffer;
  readonly routingKey: string;
  readonly messageId: string | undefined;
  readonly correlationId: string | undefined;
  readonly type: string | undefined;
  readonly contentType: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  /** Takes the message out of the queue for good. */
  remove(): void;
}

/** Holds what it has read, so that nobody else gets it meanwhile; `close()` puts it back, in order. */
export interface QueueBrowser {
  /**
   * The next message, oldest first; `undefined` once as many were read as the queue held at first. What is
   * added meanwhile is not seen, so that a reader who puts messages back elsewhere comes to an end.
   */
  next(): Promise<BrowsedMessage | undefined>;
  close(): Promise<void>;
}

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
  let left = (await channel.checkQueue(queue)).messageCount;
  return {
    async next() {
      if (left <= 0) return undefined;
      left -= 1;
      const message = await channel.get(queue, { noAck: false });
      return message === false ? undefined : toBrowsed(channel, message);
    },
    async close() {
      await channel.close().catch(() => {});
    },
  };
}

function toBrowsed(channel: Channel, message: GetMessage): BrowsedMessage {
  const { messageId, correlationId, type, contentType, headers } = message.properties;
  return {
    content: message.content,
    routingKey: message.fields.routingKey,
    messageId,
    correlationId,
    type,
    contentType,
    headers: headers ?? {},
    remove: () => channel.ack(message),
  };
}
