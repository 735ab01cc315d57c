import { queueName } from '@wbor/contracts';
import { publishRaw, startTcpProxy, waitFor } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../src/index.ts';
import { shared, sharedMessage, useBed, work, workMessage } from './broker-bed.ts';

const bed = useBed();

describe('consuming', () => {
  it('comes back after the connection was cut, and a late ack takes nothing away', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url));
    const held: Delivery[] = [];
    const { bodies, has } = await bed.collect(broker, (delivery) => held.push(delivery));
    const admin = await bed.openAdmin();
    for (const body of ['one', 'two']) {
      await publishRaw(admin, bed.namespace.exchange, 'work.a', Buffer.from(JSON.stringify(body)));
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
    const broker = await bed.connect();
    const { bodies, has } = await bed.collect(broker, (delivery) => {
      delivery.ack();
      // The second ack of one message is a protocol error: the broker closes the channel for it.
      if (delivery.content.toString() === '"bad"') delivery.ack();
    });
    await broker.publish(workMessage, 'bad');
    await has(1);
    await broker.publish(workMessage, 'good');
    await waitFor(() => bodies.includes('good'), { what: 'a delivery on a new channel' });
    await waitFor(() => broker.ready, { what: 'being ready again' });
  });

  it('declares its queue again after somebody deleted it', async () => {
    const broker = await bed.connect();
    const { bodies } = await bed.collect(broker);
    const admin = await bed.openAdmin();
    await admin.deleteQueue(queueName(work, bed.namespace));
    await waitFor(
      () =>
        broker.publish(workMessage, 'after').then(
          () => true,
          () => false,
        ),
      { what: 'the queue to be there again' },
    );
    await waitFor(() => bodies.includes('after'), { what: 'the delivery' });
  });

  it('requeues after an unforeseen error in a handler', async () => {
    const broker = await bed.connect();
    let failures = 0;
    const { has } = await bed.collect(broker, (delivery) => {
      if (failures++ === 0) throw new Error('unforeseen');
      delivery.ack();
    });
    await broker.publish(workMessage, 1);
    await has(2);
  });

  it('stops without losing or reordering what is in hand', async () => {
    const broker = await bed.connect();
    const gate = Promise.withResolvers<void>();
    const { bodies, consumer, has } = await bed.collect(broker, async (delivery) => {
      await gate.promise;
      if (delivery.content.toString() === '1') delivery.ack();
    });
    for (const body of [1, 2, 3]) await broker.publish(workMessage, body);
    await has(3);
    const stopped = consumer.stop();
    gate.resolve();
    await stopped;
    expect(bodies).toEqual([1, 2, 3]);
    const next = await bed.collect(await bed.connect());
    await next.has(2);
    expect(next.bodies).toEqual([2, 3]);
  });
});

describe('stopping after a burst of acks', () => {
  it('takes none of them back', async () => {
    const broker = await bed.connect();
    await Promise.all(Array.from({ length: 200 }, (_, body) => broker.publish(workMessage, body)));
    const held: Delivery[] = [];
    const consumer = await broker.consume({
      queues: [{ queue: queueName(work, bed.namespace), prefetch: 250 }],
      onDelivery: async (delivery) => void held.push(delivery),
    });
    await waitFor(() => held.length === 200, { what: 'all deliveries' });
    for (const delivery of held) delivery.ack();
    await consumer.stop();
    const admin = await bed.openAdmin();
    expect((await admin.checkQueue(queueName(work, bed.namespace))).messageCount).toBe(0);
    // Empty now could still mean: to be returned in a moment. A fresh consumer would be given them.
    await broker.publish(workMessage, 'fresh');
    const { bodies, has } = await bed.collect(broker);
    await has(1);
    expect(bodies).toEqual(['fresh']);
  });
});

describe('several queues on one channel', () => {
  it('have a prefetch each, and say where a delivery came from', async () => {
    const broker = await bed.connect();
    const queues = [
      { queue: queueName(work, bed.namespace), prefetch: 2 },
      { queue: queueName(shared, bed.namespace), prefetch: 3 },
    ];
    for (let body = 0; body < 6; body += 1) {
      await broker.publish(workMessage, body);
      await broker.publish(sharedMessage, body);
    }
    const held: Delivery[] = [];
    await broker.consume({ queues, onDelivery: async (delivery) => void held.push(delivery) });
    await waitFor(() => held.length === 5, { what: 'as many deliveries as may be unacknowledged' });
    const admin = await bed.openAdmin();
    for (const { queue, prefetch } of queues) {
      expect(held.filter((delivery) => delivery.queue === queue)).toHaveLength(prefetch);
      expect((await admin.checkQueue(queue)).messageCount).toBe(6 - prefetch);
    }
    expect(new Set(held.map(({ channelId }) => channelId)).size).toBe(1);
  });

  it('are lost together and come back together when the broker cancels one of them', async () => {
    const broker = await bed.connect();
    const held: Delivery[] = [];
    await broker.consume({
      queues: [work, shared].map((queue) => ({ queue: queueName(queue, bed.namespace), prefetch: 1 })),
      onDelivery: async (delivery) => void held.push(delivery),
    });
    await broker.publish(workMessage, 1);
    await waitFor(() => held.length === 1, { what: 'the delivery' });
    const admin = await bed.openAdmin();
    await admin.deleteQueue(queueName(shared, bed.namespace));
    await waitFor(() => held.length === 2, { what: 'the delivery on a new channel' });
    expect(held.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    expect(held[1]?.channelId).not.toBe(held[0]?.channelId);
    await broker.publish(sharedMessage, 2);
    await waitFor(() => held.length === 3, { what: 'a delivery from the queue that was deleted' });
  });
});

describe('a renewal', () => {
  it('gives back 500 unacknowledged messages in order, and none that was acknowledged', async () => {
    const broker = await bed.connect();
    await Promise.all(Array.from({ length: 600 }, (_, body) => broker.publish(workMessage, body)));
    const held: Delivery[] = [];
    const consumer = await broker.consume({
      queues: [{ queue: queueName(work, bed.namespace), prefetch: 500 }],
      onDelivery: async (delivery) => void held.push(delivery),
    });
    await waitFor(() => held.length === 500, { what: 'the first deliveries' });
    for (const delivery of held.splice(0, 100)) delivery.ack();
    await waitFor(() => held.length === 500, { what: 'deliveries in place of those' });
    const before = held.splice(0);
    await consumer.renew();
    expect(consumer.active).toBe(true);
    await waitFor(() => held.length === 500, { what: 'the deliveries again' });
    const bodies = (deliveries: Delivery[]) => deliveries.map(({ content }) => Number(content));
    expect(bodies(held)).toEqual(bodies(before));
    expect(bodies(held)).toEqual(Array.from({ length: 500 }, (_, index) => 100 + index));
    expect(before.every(({ signal, ack }) => signal.aborted && !ack())).toBe(true);
    expect(held.every(({ redelivered }) => redelivered)).toBe(true);
    expect(held[0]?.channelId).not.toBe(before[0]?.channelId);
  });

  it('does not let a second connection in that waits for the lock', async () => {
    const enter = async (by: string) => {
      const consumer = await (await bed.connect()).consume({
        queues: [{ queue: queueName(work, bed.namespace), prefetch: 1 }],
        lock: `${bed.namespace.queuePrefix}lock`,
        onDelivery: async (delivery) => void seen.push({ by, delivery }),
      });
      await waitFor(() => consumer.active || consumer.standby, { what: `${by} to be in or out` });
      return consumer;
    };
    const seen: { by: string; delivery: Delivery }[] = [];
    const first = await enter('first');
    const second = await enter('second');
    await (await bed.connect()).publish(workMessage, 1);
    await waitFor(() => seen.length === 1, { what: 'the delivery' });
    // Long enough for the second one to try several times.
    const end = performance.now() + 2_000;
    for (let renewals = 1; performance.now() < end; renewals += 1) {
      await first.renew();
      await waitFor(() => seen.length === 1 + renewals, { what: 'the delivery again' });
      expect(second.standby).toBe(true);
    }
    expect(new Set(seen.map(({ by }) => by))).toEqual(new Set(['first']));
  });

  it('heals like any lost channel when the connection goes in the middle of it', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url));
    const held: Delivery[] = [];
    const { consumer, has } = await bed.collect(broker, (delivery) => held.push(delivery));
    await broker.publish(workMessage, 1);
    await has(1);
    const renewed = consumer.renew();
    await proxy.cut();
    await renewed;
    await waitFor(() => !consumer.active, { what: 'the loss to be noticed' });
    await proxy.heal();
    await waitFor(() => held.at(-1)?.signal.aborted === false, { what: 'the delivery again' });
    expect(held.at(-1)?.ack()).toBe(true);
  });
});

describe('a lock', () => {
  it('lets one connection consume, and another take over when that one is gone', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const seen: { by: string; body: number }[] = [];
    const enter = async (by: string, url: string) => {
      const broker = await bed.connect(url);
      const consumer = await broker.consume({
        queues: [{ queue: queueName(shared, bed.namespace), prefetch: 1 }],
        lock: `${bed.namespace.queuePrefix}lock`,
        async onDelivery(delivery) {
          seen.push({ by, body: JSON.parse(delivery.content.toString()) });
          delivery.ack();
        },
      });
      await waitFor(() => consumer.active || consumer.standby, { what: `${by} to be in or out` });
      return { broker, consumer };
    };
    const first = await enter('first', proxy.url(bed.url));
    const second = await enter('second', bed.url);
    expect([first.consumer.active, second.consumer.active, second.consumer.standby]).toEqual([
      true,
      false,
      true,
    ]);
    // Standing by is what it should do: it is ready.
    expect(second.broker.ready).toBe(true);
    const publisher = await bed.connect();
    const publish = (from: number, to: number) =>
      Promise.all(
        Array.from({ length: to - from + 1 }, (_, index) => publisher.publish(sharedMessage, from + index)),
      );
    await publish(1, 10);
    await waitFor(() => seen.length === 10, { what: 'the first ten' });
    expect(new Set(seen.map(({ by }) => by))).toEqual(new Set(['first']));
    await proxy.cut();
    await publish(11, 20);
    // The tenth comes again when its acknowledgement was cut off.
    const next = () => seen.filter(({ body }) => body > 10);
    await waitFor(() => next().length >= 10, { what: 'the next ten' });
    expect(next()).toEqual(Array.from({ length: 10 }, (_, index) => ({ by: 'second', body: 11 + index })));
  });
});
