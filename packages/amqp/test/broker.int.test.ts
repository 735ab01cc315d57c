import { defineQueue, defineTerminalQueue, deriveTopology, queueName } from '@wbor/contracts';
import { connectAmqp, createNamespace, publishRaw, startTcpProxy, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  type Broker,
  BrokerConfigurationError,
  connectBroker,
  type Delivery,
  PublishError,
} from '../src/index.ts';

const parked = defineTerminalQueue({ name: 'amqp.parked' });
const work = defineQueue({
  name: 'amqp.work',
  bindings: ['work.#'],
  singleActiveConsumer: true,
  deadLetterQueue: parked.name,
});

/** Without single active consumer, so that nothing but a lock keeps two consumers apart. */
const shared = defineQueue({ name: 'amqp.shared', bindings: ['shared.#'], deadLetterQueue: parked.name });

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const brokerUrl = inject('brokerUrl');

let namespace: ReturnType<typeof createNamespace>;
let closers: (() => Promise<unknown>)[];

beforeEach(() => {
  namespace = createNamespace();
  closers = [];
});

afterEach(async () => {
  for (const close of closers.reverse()) await close();
  const connection = await connectAmqp(brokerUrl);
  const channel = await connection.createChannel();
  for (const queue of [work, shared, parked]) await channel.deleteQueue(queueName(queue, namespace));
  await channel.deleteExchange(namespace.exchange);
  await connection.close();
});

async function connect(url = brokerUrl, options: { maxInFlight?: number; confirmTimeoutMs?: number } = {}) {
  const topology = deriveTopology([parked, work, shared], namespace);
  const broker = await connectBroker({ url, appId: 'amqp test', topology, logger: silent, ...options });
  closers.push(() => broker.close());
  return broker;
}

async function openAdmin() {
  const connection = await connectAmqp(brokerUrl);
  closers.push(() => connection.close());
  return connection.createConfirmChannel();
}

/** Consumes into a list; `act` settles. */
async function collect(broker: Broker, act: (delivery: Delivery) => unknown = (delivery) => delivery.ack()) {
  const bodies: unknown[] = [];
  const consumer = await broker.consume({
    queue: queueName(work, namespace),
    prefetch: 10,
    async onDelivery(delivery) {
      bodies.push(JSON.parse(delivery.content.toString()));
      await act(delivery);
    },
  });
  return {
    bodies,
    consumer,
    has: (count: number) => waitFor(() => bodies.length >= count, { what: `${count} deliveries` }),
  };
}

describe('publishing', () => {
  it('resolves once a queue has the message, with the properties that every message carries', async () => {
    const broker = await connect();
    const deliveries: Delivery[] = [];
    await collect(broker, (delivery) => {
      deliveries.push(delivery);
      delivery.ack();
    });
    await broker.publish({
      routingKey: 'work.a',
      body: { text: 'é' },
      headers: { 'x-own': 1 },
      correlationId: 'c',
    });
    await waitFor(() => deliveries.length === 1, { what: 'the delivery' });
    expect(deliveries[0]).toMatchObject({
      routingKey: 'work.a',
      exchange: namespace.exchange,
      redelivered: false,
      messageId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      correlationId: 'c',
      headers: { 'x-retry-count': 0, 'x-own': 1 },
    });
    expect(deliveries[0]?.content.toString()).toBe('{"text":"é"}');
  });

  it('fails with RETURNED when no queue takes the message, and only then', async () => {
    const broker = await connect();
    const results = await Promise.allSettled([
      broker.publish({ routingKey: 'work.a', body: 1 }),
      broker.publish({ routingKey: 'nobody', body: 2 }),
      broker.publish({ routingKey: 'work.b', body: 3 }),
      broker.publish({ routingKey: 'nobody', body: 4, mandatory: false }),
    ]);
    expect(
      results.map((result) => (result.status === 'rejected' ? result.reason.code : 'confirmed')),
    ).toEqual(['confirmed', 'RETURNED', 'confirmed', 'confirmed']);
  });

  it('refuses what cannot be encoded and goes on', async () => {
    const broker = await connect();
    await expect(
      broker.publish({ routingKey: 'work.a', body: 1, headers: { bad: () => {} } }),
    ).rejects.toMatchObject({ code: 'INVALID' });
    await broker.publish({ routingKey: 'work.a', body: 2 });
  });

  it('bounds what is in flight', async () => {
    const broker = await connect(brokerUrl, { maxInFlight: 2 });
    const results = await Promise.allSettled(
      [1, 2, 3].map((body) => broker.publish({ routingKey: 'work.a', body })),
    );
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect((results[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'BUSY' });
  });

  it('says DISCONNECTED at once while the broker is away, and publishUntilConfirmed outlasts it', async () => {
    const proxy = await startTcpProxy({ target: brokerUrl });
    closers.push(() => proxy.dispose());
    const broker = await connect(proxy.url(brokerUrl));
    const { bodies, has } = await collect(broker);
    await proxy.cut();
    await waitFor(() => !broker.ready, { what: 'the broker to be missed' });
    const early = await broker
      .publish({ routingKey: 'work.a', body: 'early' })
      .catch((error: unknown) => error);
    expect(early).toBeInstanceOf(PublishError);
    expect(early).toMatchObject({ code: 'DISCONNECTED', retryable: true });
    const patient = broker.publishUntilConfirmed({ routingKey: 'work.a', body: 'patient' });
    await proxy.heal();
    await patient;
    await has(1);
    expect(bodies).toEqual(['patient']);
  });

  it('gives up on a confirm that does not come', async () => {
    const proxy = await startTcpProxy({ target: brokerUrl });
    closers.push(() => proxy.dispose());
    const broker = await connect(proxy.url(brokerUrl), { confirmTimeoutMs: 300 });
    proxy.stall();
    await expect(broker.publish({ routingKey: 'work.a', body: 1 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await proxy.cut();
  });
});

describe('consuming', () => {
  it('comes back after the connection was cut, and a late ack takes nothing away', async () => {
    const proxy = await startTcpProxy({ target: brokerUrl });
    closers.push(() => proxy.dispose());
    const broker = await connect(proxy.url(brokerUrl));
    const held: Delivery[] = [];
    const { bodies, has } = await collect(broker, (delivery) => held.push(delivery));
    const admin = await openAdmin();
    for (const body of ['one', 'two']) {
      await publishRaw(admin, namespace.exchange, 'work.a', Buffer.from(JSON.stringify(body)));
    }
    await has(2);
    await proxy.cut();
    await waitFor(() => held[1]?.signal.aborted === true, { what: 'the deliveries to be given up' });
    await proxy.heal();
    await has(4);
    expect(held[0]?.ack()).toBe(false);
    expect(await held[1]?.isHeld()).toBe(false);
    expect(held.slice(2).map((delivery) => delivery.redelivered)).toEqual([true, true]);
    expect(bodies).toEqual(['one', 'two', 'one', 'two']);
    expect(await held[2]?.isHeld()).toBe(true);
    expect(held[2]?.ack()).toBe(true);
    expect(held[3]?.ack()).toBe(true);
  });

  it('comes back after the broker closed only its channel', async () => {
    const broker = await connect();
    const { bodies, has } = await collect(broker, (delivery) => {
      delivery.ack();
      // The second ack of one message is a protocol error: the broker closes the channel for it.
      if (delivery.content.toString() === '"bad"') delivery.ack();
    });
    await broker.publish({ routingKey: 'work.a', body: 'bad' });
    await has(1);
    await broker.publish({ routingKey: 'work.a', body: 'good' });
    await waitFor(() => bodies.includes('good'), { what: 'a delivery on a new channel' });
    await waitFor(() => broker.ready, { what: 'being ready again' });
  });

  it('declares its queue again after somebody deleted it', async () => {
    const broker = await connect();
    const { bodies } = await collect(broker);
    const admin = await openAdmin();
    await admin.deleteQueue(queueName(work, namespace));
    await waitFor(
      () =>
        broker.publish({ routingKey: 'work.a', body: 'after' }).then(
          () => true,
          () => false,
        ),
      { what: 'the queue to be there again' },
    );
    await waitFor(() => bodies.includes('after'), { what: 'the delivery' });
  });

  it('requeues after an unforeseen error in a handler', async () => {
    const broker = await connect();
    let failures = 0;
    const { has } = await collect(broker, (delivery) => {
      if (failures++ === 0) throw new Error('unforeseen');
      delivery.ack();
    });
    await broker.publish({ routingKey: 'work.a', body: 1 });
    await has(2);
  });

  it('stops without losing or reordering what is in hand', async () => {
    const broker = await connect();
    const gate = Promise.withResolvers<void>();
    const { bodies, consumer, has } = await collect(broker, async (delivery) => {
      await gate.promise;
      if (delivery.content.toString() === '1') delivery.ack();
    });
    for (const body of [1, 2, 3]) await broker.publish({ routingKey: 'work.a', body });
    await has(3);
    const stopped = consumer.stop();
    gate.resolve();
    await stopped;
    expect(bodies).toEqual([1, 2, 3]);
    const next = await collect(await connect());
    await next.has(2);
    expect(next.bodies).toEqual([2, 3]);
  });
});

describe('stopping after a burst of acks', () => {
  it('takes none of them back', async () => {
    const broker = await connect();
    await Promise.all(
      Array.from({ length: 200 }, (_, body) => broker.publish({ routingKey: 'work.a', body })),
    );
    const held: Delivery[] = [];
    const consumer = await broker.consume({
      queue: queueName(work, namespace),
      prefetch: 250,
      onDelivery: async (delivery) => void held.push(delivery),
    });
    await waitFor(() => held.length === 200, { what: 'all deliveries' });
    for (const delivery of held) delivery.ack();
    await consumer.stop();
    const admin = await openAdmin();
    expect((await admin.checkQueue(queueName(work, namespace))).messageCount).toBe(0);
    // Empty now could still mean: to be returned in a moment. A fresh consumer would be given them.
    await broker.publish({ routingKey: 'work.a', body: 'fresh' });
    const { bodies, has } = await collect(broker);
    await has(1);
    expect(bodies).toEqual(['fresh']);
  });
});

describe('a lock', () => {
  it('lets one connection consume, and another take over when that one is gone', async () => {
    const proxy = await startTcpProxy({ target: brokerUrl });
    closers.push(() => proxy.dispose());
    const seen: { by: string; body: number }[] = [];
    const enter = async (by: string, url: string) => {
      const broker = await connect(url);
      const consumer = await broker.consume({
        queue: queueName(shared, namespace),
        prefetch: 1,
        lock: `${namespace.queuePrefix}lock`,
        async onDelivery(delivery) {
          seen.push({ by, body: JSON.parse(delivery.content.toString()) });
          delivery.ack();
        },
      });
      await waitFor(() => consumer.active || consumer.standby, { what: `${by} to be in or out` });
      return { broker, consumer };
    };
    const first = await enter('first', proxy.url(brokerUrl));
    const second = await enter('second', brokerUrl);
    expect([first.consumer.active, second.consumer.active, second.consumer.standby]).toEqual([
      true,
      false,
      true,
    ]);
    // Standing by is what it should do: it is ready.
    expect(second.broker.ready).toBe(true);
    const publisher = await connect();
    const publish = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from + 1 }, (_, index) =>
          publisher.publish({ routingKey: 'shared.a', body: from + index }),
        ),
      );
    await publish(1, 10);
    await waitFor(() => seen.length === 10, { what: 'the first ten' });
    expect(new Set(seen.map(({ by }) => by))).toEqual(new Set(['first']));
    await proxy.cut();
    await publish(11, 20);
    await waitFor(() => seen.length === 20, { what: 'the next ten' });
    expect(new Set(seen.slice(10).map(({ by }) => by))).toEqual(new Set(['second']));
  });
});

describe('listening', () => {
  it('hears a copy of what is published, also after the connection was cut', async () => {
    const proxy = await startTcpProxy({ target: brokerUrl });
    closers.push(() => proxy.dispose());
    const broker = await connect(proxy.url(brokerUrl));
    const heard: string[] = [];
    const listener = await broker.listen({
      pattern: 'work.#',
      onMessage: (content) => heard.push(content.toString()),
    });
    const publisher = await connect();
    await publisher.publish({ routingKey: 'work.a', body: 1 });
    await waitFor(() => heard.length === 1, { what: 'the first' });
    await proxy.cut();
    await proxy.heal();
    await waitFor(
      async () => {
        await publisher.publish({ routingKey: 'work.a', body: 2 });
        return heard.includes('2');
      },
      { what: 'hearing again', intervalMs: 100 },
    );
    await listener.stop();
  });
});

describe('browsing', () => {
  it('shows what a queue holds, removes only what it is told to, and keeps the order', async () => {
    const broker = await connect();
    const queue = queueName(parked, namespace);
    for (const body of [1, 2, 3]) await broker.publish({ exchange: '', routingKey: queue, body });
    const read = async (remove: (body: string) => boolean): Promise<string[]> => {
      const browser = await broker.browse(queue);
      const seen: string[] = [];
      for (let entry = await browser.next(); entry; entry = await browser.next()) {
        seen.push(entry.content.toString());
        if (remove(entry.content.toString())) entry.remove();
      }
      await browser.close();
      return seen;
    };
    expect(await read((body) => body === '2')).toEqual(['1', '2', '3']);
    expect(await read(() => false)).toEqual(['1', '3']);
  });

  it('comes to an end though its reader puts messages back', async () => {
    const broker = await connect();
    const queue = queueName(parked, namespace);
    await broker.publish({ exchange: '', routingKey: queue, body: 1 });
    const browser = await broker.browse(queue);
    let count = 0;
    for (let entry = await browser.next(); entry; entry = await browser.next()) {
      count += 1;
      await broker.publish({ exchange: '', routingKey: queue, body: count + 1 });
    }
    await browser.close();
    expect(count).toBe(1);
  });
});

describe('closing', () => {
  it('ends although the broker is away', async () => {
    const proxy = await startTcpProxy({ target: brokerUrl });
    closers.push(() => proxy.dispose());
    const broker = await connect(proxy.url(brokerUrl));
    await proxy.cut();
    await waitFor(() => !broker.ready, { what: 'the broker to be missed' });
    await broker.close();
    expect(broker.ready).toBe(false);
  });
});

describe('the first contact', () => {
  it('names a wrong password, and does not repeat it', async () => {
    const url = new URL(brokerUrl);
    url.password = 'wrong-pa55word';
    const error = await connect(url.href).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(BrokerConfigurationError);
    expect(error).toMatchObject({
      code: 'ACCESS_REFUSED',
      message: expect.stringContaining('RABBITMQ_PASS'),
    });
    expect(String((error as Error).message)).not.toContain('wrong-pa55word');
    // afterEach deletes the exchange: it must be there.
    await connect();
  });

  it('names a virtual host that is not there', async () => {
    const url = new URL(brokerUrl);
    url.pathname = '/no-such-host';
    await expect(connect(url.href)).rejects.toMatchObject({
      code: 'NO_VHOST',
      message: expect.stringContaining('RABBITMQ_VHOST'),
    });
    await connect();
  });

  it('names a queue that exists with other arguments', async () => {
    const admin = await openAdmin();
    await admin.assertQueue(queueName(work, namespace), { durable: true });
    await expect(connect()).rejects.toMatchObject({
      code: 'TOPOLOGY_MISMATCH',
      message: expect.stringContaining(queueName(work, namespace)),
    });
  });

  it('waits for a broker that is not up yet', async () => {
    const proxy = await startTcpProxy({ target: brokerUrl });
    closers.push(() => proxy.dispose());
    await proxy.cut();
    const connecting = connect(proxy.url(brokerUrl));
    await proxy.heal();
    const broker = await connecting;
    expect(broker.ready).toBe(true);
  });
});

describe('listening', () => {
  it('says when copies begin and cease to come, also after the connection was cut', async () => {
    const proxy = await startTcpProxy({ target: brokerUrl });
    closers.push(() => proxy.dispose());
    const broker = await connect(proxy.url(brokerUrl));
    const told: string[] = [];
    const listener = await broker.listen({
      pattern: 'hints.#',
      onMessage: (content) => told.push(content.toString()),
      onListening: () => told.push('listening'),
      onDeaf: () => told.push('deaf'),
    });
    const admin = await openAdmin();
    const hint = (text: string) => publishRaw(admin, namespace.exchange, 'hints.a', Buffer.from(text));
    const untilTold = (count: number) => waitFor(() => told.length >= count, { what: `${count} calls` });
    await hint('first');
    await untilTold(2);
    await proxy.cut();
    await untilTold(3);
    await hint('missed');
    await proxy.heal();
    await untilTold(4);
    // It was said when it was true: what is published from now on comes.
    await hint('second');
    await untilTold(5);
    await listener.stop();
    await untilTold(6);
    expect(told).toEqual(['listening', 'first', 'deaf', 'listening', 'second', 'deaf']);
  });
});
