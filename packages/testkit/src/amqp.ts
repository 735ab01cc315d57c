import { type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib';
import { waitFor } from './wait.ts';

/** A plain connection, as somebody else's producer would have. Close it. */
export async function connectAmqp(url: string): Promise<ChannelModel> {
  const connection = await connect(url, { timeout: 10_000 });
  // Tests cut connections on purpose; without a listener that would end the process.
  connection.on('error', () => undefined);
  return connection;
}

/**
 * Publishes bytes as they are, persistent unless told otherwise, and resolves once the broker has confirmed them. A
 * refusal (nack) rejects.
 */
export async function publishRaw(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  content: Buffer,
  properties: Options.Publish = {},
): Promise<void> {
  channel.publish(exchange, routingKey, content, { persistent: true, ...properties });
  await channel.waitForConfirms();
}

export interface SpiedMessage {
  readonly routingKey: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly content: Buffer;
  /** The content parsed, or undefined when it is not JSON. */
  readonly json: unknown;
}

export interface ExchangeSpy {
  /** In the order in which they came. */
  readonly messages: readonly SpiedMessage[];
  /** Resolves with all messages once there are at least `count`. Default 15 000 ms. */
  waitForCount(count: number, timeoutMs?: number): Promise<readonly SpiedMessage[]>;
  /** Resolves with the first message that the predicate likes, past ones included. */
  waitForMessage(predicate: (message: SpiedMessage) => boolean, timeoutMs?: number): Promise<SpiedMessage>;
  close(): Promise<void>;
}

/**
 * Collects a copy of everything published on a topic exchange from now on. Declares the exchange, durable, when it
 * does not exist yet.
 */
export async function spyOnExchange(url: string, exchange: string, pattern = '#'): Promise<ExchangeSpy> {
  const connection = await connectAmqp(url);
  const channel = await connection.createChannel();
  await channel.assertExchange(exchange, 'topic', { durable: true });
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
  await channel.bindQueue(queue, exchange, pattern);
  const messages: SpiedMessage[] = [];
  await channel.consume(
    queue,
    (message) => {
      if (message === null) return;
      const { headers, ...properties } = message.properties;
      messages.push({
        routingKey: message.fields.routingKey,
        headers: headers ?? {},
        properties,
        content: message.content,
        json: parseJson(message.content),
      });
    },
    { noAck: true },
  );
  return {
    messages,
    waitForCount: (count, timeoutMs = 15_000) =>
      waitFor(() => messages.length >= count && messages, {
        timeoutMs,
        what: `${count} messages with ${pattern} on ${exchange}`,
      }),
    waitForMessage: (predicate, timeoutMs = 15_000) =>
      waitFor(() => messages.find(predicate), {
        timeoutMs,
        what: `the awaited message with ${pattern} on ${exchange}`,
      }),
    async close() {
      await connection.close();
    },
  };
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    return undefined;
  }
}
