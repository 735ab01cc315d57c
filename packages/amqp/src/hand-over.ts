import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type DeclaredQueue, ORIGINAL_KEY_HEADER, PARKED_HEADERS } from '@wbor/contracts';
import type { ConfirmChannel, ConsumeMessage, Options } from 'amqplib';
import type { BrokerAddress } from './address.ts';
import { parkableHeaders } from './parkable-headers.ts';
import { HANDED_OUT_BEFORE, originalKey } from './parking.ts';
import { connectOnce } from './preflight.ts';

const PREFETCH = 200;
const LOOK_EVERY_MS = 100;
const PROBE_WITHIN_MS = 2_000;
const NOT_FOUND = 404;

export interface Moved {
  readonly moved: number;
  /** 1 when the first message had been handed out before, and so is parked. */
  readonly parked: number;
  /** Messages that have no way; they are where they were. */
  readonly left: number;
}

/** Works on the broker while one service takes over the queues of another. */
export interface HandOver {
  /** Undefined when the queue is not there. */
  look(queue: string): Promise<{ messages: number; consumers: number } | undefined>;
  /** Declares queues without their bindings. */
  declareQueues(queues: readonly DeclaredQueue[]): Promise<void>;
  declareExchange(exchange: string): Promise<void>;
  deleteExchange(exchange: string): Promise<void>;
  bind(queue: string, exchange: string, keys: readonly string[]): Promise<void>;
  /** A binding that is not there is none. */
  unbind(queue: string, exchange: string, keys: readonly string[]): Promise<void>;
  /** Whether what no queue takes from `exchange` goes on to `alternate`. */
  isAlternate(alternate: string, exchange: string): Promise<boolean>;
  /**
   * Publishes what is in a queue on an exchange, under its own keys and in its order, and takes each message out once the
   * broker has confirmed it. Whoever worked on the queue one by one may have done with its first message without saying so:
   * if that was handed out before, it is parked for a person, to be replayed to `parking.queue`.
   */
  move(from: string, exchange: string, parking: { parkedQueue: string; queue: string }): Promise<Moved>;
  close(): Promise<void>;
}

/** @throws BrokerConfigurationError on a wrong password or virtual host; what the network says when there is no broker. */
export async function openHandOver(address: BrokerAddress): Promise<HandOver> {
  const model = await connectOnce(address, 'take-over');
  const channel = await model.createChannel();
  channel.on('error', () => {});

  return {
    async look(queue) {
      const looking = await model.createChannel();
      looking.on('error', () => {});
      try {
        const { consumerCount, messageCount } = await looking.checkQueue(queue);
        await looking.close();
        return { messages: messageCount, consumers: consumerCount };
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) return undefined;
        throw error;
      }
    },
    async declareQueues(queues) {
      for (const { arguments: declared, name } of queues)
        await channel.assertQueue(name, { durable: true, arguments: declared });
    },
    async declareExchange(exchange) {
      await channel.assertExchange(exchange, 'topic', { durable: true });
    },
    async deleteExchange(exchange) {
      await channel.deleteExchange(exchange);
    },
    async bind(queue, exchange, keys) {
      for (const key of keys) await channel.bindQueue(queue, exchange, key);
    },
    async unbind(queue, exchange, keys) {
      for (const key of keys) await channel.unbindQueue(queue, exchange, key);
    },
    async isAlternate(alternate, exchange) {
      const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
      const key = `take-over.probe.${randomUUID()}`;
      await channel.bindQueue(queue, alternate, key);
      channel.publish(exchange, key, Buffer.alloc(0));
      const until = Date.now() + PROBE_WITHIN_MS;
      let has = false;
      while (!has && Date.now() < until) {
        has = (await channel.checkQueue(queue)).messageCount > 0;
        if (!has) await delay(LOOK_EVERY_MS);
      }
      await channel.deleteQueue(queue);
      return has;
    },
    async move(from, exchange, parking) {
      const moving = await model.createConfirmChannel();
      try {
        return await moveAll(moving, from, exchange, parking);
      } finally {
        // Gives back what was kept.
        await moving.close().catch(() => {});
      }
    },
    async close() {
      await model.close().catch(() => {});
    },
  };
}

async function moveAll(
  channel: ConfirmChannel,
  from: string,
  exchange: string,
  parking: { parkedQueue: string; queue: string },
): Promise<Moved> {
  const count = { moved: 0, parked: 0, left: 0 };
  let failure: unknown;
  let returned = false;
  let isFirst = true;
  let inHand = 0;
  let working = Promise.resolve();
  channel.on('error', (error: unknown) => {
    failure ??= error;
  });
  channel.on('return', () => {
    returned = true;
  });

  async function publish(
    to: string,
    key: string,
    content: Buffer,
    options: Options.Publish,
  ): Promise<boolean> {
    returned = false;
    channel.publish(to, key, content, { ...options, mandatory: true, persistent: true });
    await channel.waitForConfirms();
    return !returned;
  }

  async function work(message: ConsumeMessage): Promise<void> {
    const { exchange: cameBy, redelivered, routingKey } = message.fields;
    // The broker takes a user's name from that user alone.
    const { headers: all = {}, userId: _, ...properties } = message.properties;
    const { [ORIGINAL_KEY_HEADER]: __, ...headers } = parkableHeaders(all);
    const key = originalKey({ exchange: cameBy, routingKey, headers: all });
    const isInDoubt = isFirst && redelivered;
    isFirst = false;
    const isGone = isInDoubt
      ? await publish('', parking.parkedQueue, message.content, {
          ...properties,
          headers: {
            ...headers,
            [PARKED_HEADERS.reason]: HANDED_OUT_BEFORE,
            [PARKED_HEADERS.error]: `the first of ${from}, which somebody had in hand: it may be in the chat already`,
            [PARKED_HEADERS.queue]: parking.queue,
            [PARKED_HEADERS.exchange]: cameBy,
            [PARKED_HEADERS.routingKey]: key,
            [PARKED_HEADERS.at]: new Date().toISOString(),
          },
        })
      : await publish(exchange, key, message.content, { ...properties, headers });
    if (isGone) channel.ack(message);
    count[!isGone ? 'left' : isInDoubt ? 'parked' : 'moved'] += 1;
    inHand -= 1;
  }

  await channel.prefetch(PREFETCH);
  await channel.consume(from, (message) => {
    if (message === null) {
      failure ??= new Error(`somebody deleted ${from}`);
      return;
    }
    inHand += 1;
    working = working
      .then(() => work(message))
      .catch((error: unknown) => {
        failure ??= error;
      });
  });
  while (count.left < PREFETCH) {
    await delay(LOOK_EVERY_MS);
    if (failure !== undefined) throw failure;
    if (inHand === 0 && (await channel.checkQueue(from)).messageCount === 0 && inHand === 0) break;
  }
  return count;
}
