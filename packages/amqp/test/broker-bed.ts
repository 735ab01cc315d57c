import { defineQueue, defineTerminalQueue, deriveTopology, type Namespace, queueName } from '@wbor/contracts';
import { connectAmqp, createNamespace, waitFor } from '@wbor/testkit';
import type { ConfirmChannel } from 'amqplib';
import { afterEach, beforeEach, inject } from 'vitest';
import { type Broker, type Consumer, connectBroker, type Delivery } from '../src/index.ts';

export const parked = defineTerminalQueue({ name: 'amqp.parked' });
export const work = defineQueue({
  name: 'amqp.work',
  bindings: ['work.#'],
  singleActiveConsumer: true,
  deadLetterQueue: parked.name,
});
/** Without single active consumer, so that nothing but a lock keeps two consumers apart. */
export const shared = defineQueue({
  name: 'amqp.shared',
  bindings: ['shared.#'],
  deadLetterQueue: parked.name,
});

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** A namespace of the test's own, and what was opened in it, closed in the end. */
export interface Bed {
  readonly url: string;
  readonly namespace: Namespace;
  onEnd(close: () => Promise<unknown>): void;
  connect(url?: string, options?: { maxInFlight?: number; confirmTimeoutMs?: number }): Promise<Broker>;
  openAdmin(): Promise<ConfirmChannel>;
  /** Consumes the work queue into a list; `act` settles, by acking unless told otherwise. */
  collect(broker: Broker, act?: (delivery: Delivery) => unknown): Promise<Collected>;
}

interface Collected {
  readonly bodies: unknown[];
  readonly consumer: Consumer;
  has(count: number): Promise<unknown>;
}

/** Makes a fresh bed for each test of the file; the properties are the present test's. */
export function useBed(): Bed {
  const url = inject('brokerUrl');
  let namespace: Namespace;
  let closers: (() => Promise<unknown>)[];

  beforeEach(() => {
    namespace = createNamespace();
    closers = [];
  });
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    const connection = await connectAmqp(url);
    const channel = await connection.createChannel();
    for (const queue of [work, shared, parked]) await channel.deleteQueue(queueName(queue, namespace));
    await channel.deleteExchange(namespace.exchange);
    await connection.close();
  });

  return {
    url,
    get namespace() {
      return namespace;
    },
    onEnd: (close) => closers.push(close),
    async connect(target = url, options = {}) {
      const topology = deriveTopology([parked, work, shared], namespace);
      const broker = await connectBroker({
        url: target,
        appId: 'amqp test',
        topology,
        logger: silent,
        ...options,
      });
      closers.push(() => broker.close());
      return broker;
    },
    async openAdmin() {
      const connection = await connectAmqp(url);
      closers.push(() => connection.close());
      return connection.createConfirmChannel();
    },
    async collect(broker, act = (delivery) => delivery.ack()) {
      const bodies: unknown[] = [];
      const consumer = await broker.consume({
        queues: [{ queue: queueName(work, namespace), prefetch: 10 }],
        async onDelivery(delivery) {
          bodies.push(JSON.parse(delivery.content.toString()));
          await act(delivery);
        },
      });
      return {
        bodies,
        consumer,
        has: (count) => waitFor(() => bodies.length >= count, { what: `${count} deliveries` }),
      };
    },
  };
}
