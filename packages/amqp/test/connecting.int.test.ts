import { setTimeout as delay } from 'node:timers/promises';
import { queueName } from '@wbor/contracts';
import { publishRaw, startTcpProxy, waitFor } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';
import { type Broker, BrokerConfigurationError, type BrowseOptions } from '../src/index.ts';
import { parked, parkedMessage, useBed, work } from './broker-bed.ts';

const bed = useBed();

describe('the preflight', () => {
  it('names a wrong password, and does not repeat it', async () => {
    const url = new URL(bed.url);
    url.password = 'wrong-pa55word';
    const error = await bed.connect(url.href).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(BrokerConfigurationError);
    expect(error).toMatchObject({
      code: 'ACCESS_REFUSED',
      message: expect.stringContaining('RABBITMQ_PASS'),
    });
    expect(String((error as Error).message)).not.toContain('wrong-pa55word');
    // afterEach deletes the exchange: it must be there.
    await bed.connect();
  });

  it('names an address that is none, and does not repeat it', async () => {
    const error = await bed.connect('amqp://user:pa55word@two words').catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'BAD_URL', message: expect.stringContaining('RABBITMQ_URL') });
    expect(JSON.stringify([error, String(error)])).not.toContain('pa55word');
    await bed.connect();
  });

  it('names a virtual host that is not there', async () => {
    const url = new URL(bed.url);
    url.pathname = '/no-such-host';
    await expect(bed.connect(url.href)).rejects.toMatchObject({
      code: 'NO_VHOST',
      message: expect.stringContaining('RABBITMQ_VHOST'),
    });
    await bed.connect();
  });

  it('names a queue that exists with other arguments', async () => {
    const admin = await bed.openAdmin();
    await admin.assertQueue(queueName(work, bed.namespace), { durable: true });
    await expect(bed.connect()).rejects.toMatchObject({
      code: 'TOPOLOGY_MISMATCH',
      message: expect.stringContaining(queueName(work, bed.namespace)),
    });
  });

  it('waits for a broker that is not up yet', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    await proxy.cut();
    const connecting = bed.connect(proxy.url(bed.url));
    await proxy.heal();
    const broker = await connecting;
    expect(broker.ready).toBe(true);
  });
});

describe('closing', () => {
  it('ends although the broker is away', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url));
    await proxy.cut();
    await waitFor(() => !broker.ready, { what: 'the broker to be missed' });
    await broker.close();
    expect(broker.ready).toBe(false);
  });
});

it('a queue for replies hears what is sent to it, and has another name after a lost connection', async () => {
  const proxy = await startTcpProxy({ target: bed.url });
  bed.onEnd(() => proxy.dispose());
  const broker = await bed.connect(proxy.url(bed.url));
  const heard: unknown[] = [];
  const replies = await broker.openReplyQueue({
    onReply: (content, correlationId) => heard.push([content.toString(), correlationId]),
  });
  const admin = await bed.openAdmin();
  const answer = (correlationId: string) =>
    admin.sendToQueue(String(replies.name), Buffer.from('an answer'), { correlationId });
  const first = replies.name;
  answer('1');
  await waitFor(() => heard.length === 1, { what: 'the first answer' });
  await proxy.cut();
  await waitFor(() => replies.name === undefined, { what: 'the queue is gone' });
  await proxy.heal();
  await waitFor(() => replies.name !== undefined, { what: 'another queue' });
  expect(replies.name).not.toBe(first);
  answer('2');
  await waitFor(() => heard.length === 2, { what: 'the second answer' });
  expect(heard).toEqual([
    ['an answer', '1'],
    ['an answer', '2'],
  ]);
  await replies.stop();
});

describe('listening', () => {
  it('says when copies begin and cease to come, also after the connection was cut', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url));
    const told: string[] = [];
    const listener = await broker.listen({
      pattern: 'hints.#',
      onMessage: (content) => told.push(content.toString()),
      onSubscribed: () => told.push('subscribed'),
      onInterrupted: () => told.push('interrupted'),
    });
    const admin = await bed.openAdmin();
    const hint = (text: string) => publishRaw(admin, bed.namespace.exchange, 'hints.a', Buffer.from(text));
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
    expect(told).toEqual(['subscribed', 'first', 'interrupted', 'subscribed', 'second', 'interrupted']);
  });
});

/** The preflight's, the publisher's, and the one that consumes and browses. */
const CONSUMING_CONNECTION = 3;

/** Reads a queue to its end. */
async function browseAll(broker: Broker, queue: string, options?: BrowseOptions): Promise<Buffer[]> {
  const browser = await broker.browse(queue, options);
  const contents: Buffer[] = [];
  for (let entry = await browser.next(); entry; entry = await browser.next()) contents.push(entry.content);
  await browser.close();
  return contents;
}

describe('browsing', () => {
  it('waits for a connection that is still being opened', async () => {
    const proxy = await startTcpProxy({ target: bed.url, holdBack: [CONSUMING_CONNECTION] });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url));
    const queue = queueName(parked, bed.namespace);
    await broker.publish(parkedMessage, 1);
    const reading = browseAll(broker, queue);
    // The publisher's connection works all this time.
    await broker.publish(parkedMessage, 2);
    await proxy.heal();
    expect((await reading).map(String)).toContain('1');
  });

  it('keeps the order of small messages that huge ones follow, and never has more in hand than one huge one', async () => {
    const broker = await bed.connect();
    const queue = queueName(parked, bed.namespace);
    const sizes = [...Array.from({ length: 200 }, (_, index) => index + 1), ...Array(8).fill(12_000_000), 7];
    for (const bytes of sizes) await broker.sendBytes(queue, Buffer.alloc(bytes));
    for (let time = 0; time < 2; time += 1) {
      expect((await browseAll(broker, queue)).map(({ length }) => length)).toEqual(sizes);
    }
  });

  it('reads up to a mark of its own, whatever it finds of others', async () => {
    const broker = await bed.connect();
    const admin = await bed.openAdmin();
    const queue = queueName(parked, bed.namespace);
    // What a reader that died has left.
    const leaveMark = () =>
      admin.sendToQueue(queue, Buffer.alloc(0), { messageId: 'of another', type: 'wbor.reading-mark' });
    leaveMark();
    const bodies = Array.from({ length: 40 }, (_, index) => index);
    for (const body of bodies) {
      await broker.publish(parkedMessage, body);
      if (body % 13 === 0) leaveMark();
    }
    await admin.waitForConfirms();
    for (let time = 0; time < 3; time += 1) {
      const contents = await browseAll(broker, queue, { upToMark: true });
      expect(contents.map((content) => Number(content.toString()))).toEqual(bodies);
    }
    expect((await admin.checkQueue(queue)).messageCount).toBe(bodies.length);
    await admin.purgeQueue(queue);
    expect(await browseAll(broker, queue, { upToMark: true })).toEqual([]);
  });

  it('shows what a queue holds, removes only what it is told to, and keeps the order', async () => {
    const broker = await bed.connect();
    const queue = queueName(parked, bed.namespace);
    for (const body of [1, 2, 3]) await broker.publish(parkedMessage, body);
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

  it('reads a long queue in order, and leaves it so', async () => {
    const broker = await bed.connect();
    const queue = queueName(parked, bed.namespace);
    const bodies = Array.from({ length: 400 }, (_, index) => index);
    for (const body of bodies) await broker.publish(parkedMessage, body);
    for (let time = 0; time < 3; time += 1) {
      const browser = await broker.browse(queue);
      const seen: number[] = [];
      for (let entry = await browser.next(); entry; entry = await browser.next()) {
        seen.push(Number(entry.content.toString()));
      }
      await browser.close();
      expect(seen).toEqual(bodies);
    }
  });

  it('waits for what a reader that was killed had in hand', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect();
    const queue = queueName(parked, bed.namespace);
    for (const body of [1, 2, 3]) await broker.publish(parkedMessage, body);
    const killed = await (await bed.connect(proxy.url(bed.url))).browse(queue);
    await killed.next();
    // The broker takes its time to give back what the dead have in hand: here somebody else holds it meanwhile.
    const admin = await bed.openAdmin();
    const { messageCount } = await admin.checkQueue(queue);
    let held = 0;
    await admin.consume(queue, () => {
      held += 1;
    });
    await proxy.cut();
    await waitFor(() => held === messageCount + 1, { what: 'the messages to be out of the queue' });
    const reading = browseAll(broker, queue);
    await delay(500);
    await admin.close();
    expect((await reading).map(String).toSorted()).toEqual(['1', '2', '3']);
    // A reader that ends well leaves nothing to wait for.
    expect(await browseAll(broker, queue)).toHaveLength(3);
  });

  it('leaves its note where most nodes of a cluster have it, and takes over that of a version before', async () => {
    const broker = await bed.connect();
    const admin = await bed.openAdmin();
    const queue = queueName(parked, bed.namespace);
    await admin.assertQueue(`${queue}.reading`, { arguments: { 'x-expires': 600_000 } });
    admin.sendToQueue(`${queue}.reading`, Buffer.from('3'));
    await admin.waitForConfirms();
    // What that reader had in hand comes back while we wait for it.
    const reading = broker.browse(queue);
    for (const body of [1, 2, 3]) await broker.publish(parkedMessage, body);
    const browser = await reading;
    expect(browser.messageCount).toBe(3);
    const options = { arguments: { 'x-queue-type': 'quorum', 'x-expires': 600_000 } };
    expect((await admin.assertQueue(`${queue}.reading`, options)).messageCount).toBe(1);
    await browser.close();
    expect(await browseAll(broker, queue)).toHaveLength(3);
  });

  it('comes to an end though its reader puts messages back', async () => {
    const broker = await bed.connect();
    const queue = queueName(parked, bed.namespace);
    await broker.publish(parkedMessage, 1);
    const browser = await broker.browse(queue);
    let count = 0;
    for (let entry = await browser.next(); entry; entry = await browser.next()) {
      count += 1;
      await broker.publish(parkedMessage, count + 1);
    }
    await browser.close();
    expect(count).toBe(1);
  });
});
