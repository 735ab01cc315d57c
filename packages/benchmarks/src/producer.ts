import { randomUUID } from 'node:crypto';
import { type Namespace, standardKey } from '@wbor/contracts';
import type { ConfirmChannel, Options } from 'amqplib';
import type { World } from './world.ts';

interface BenchMessage {
  readonly body: string;
  readonly images?: readonly string[];
  /** What a floor posts that cuts nothing. */
  readonly parts?: readonly string[];
}

/** Publishes messages for the chat, as a producer does: persistent, each with ids of its own. */
export interface Producer {
  /** Resolves once the broker has confirmed it. */
  publish(message: BenchMessage): Promise<void>;
  /** The same for many, as fast as the broker takes them. */
  publishAll(messages: Iterable<BenchMessage>): Promise<void>;
}

const SOURCE = 'bench';
/** Without an end to them a million messages would all lie in memory first. */
const MAX_UNCONFIRMED = 1_000;

export async function createProducer(world: World, namespace: Namespace): Promise<Producer> {
  const channel = await world.openChannel();
  await channel.assertExchange(namespace.exchange, 'topic', { durable: true });
  const publish = (message: BenchMessage) =>
    publishJson(channel, namespace.exchange, standardKey(SOURCE), {
      ...message,
      source: SOURCE,
      wbor_message_id: randomUUID(),
    });
  return {
    publish,
    publishAll: (messages) => publishInTurn(messages, publish),
  };
}

/** Publishes JSON, persistent, under a message id of its own; resolves once it is confirmed. */
export function publishJson(
  channel: ConfirmChannel,
  exchange: string,
  key: string,
  body: unknown,
): Promise<void> {
  const options: Options.Publish = {
    persistent: true,
    messageId: randomUUID(),
    contentType: 'application/json',
  };
  return new Promise((resolve, reject) => {
    channel.publish(exchange, key, Buffer.from(JSON.stringify(body)), options, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

/** Publishes everything, in order, with so many unconfirmed at most. */
export async function publishInTurn<Item>(
  items: Iterable<Item>,
  publish: (item: Item) => Promise<void>,
): Promise<void> {
  let batch: Promise<void>[] = [];
  for (const item of items) {
    batch.push(publish(item));
    if (batch.length < MAX_UNCONFIRMED) continue;
    await Promise.all(batch);
    batch = [];
  }
  await Promise.all(batch);
}
