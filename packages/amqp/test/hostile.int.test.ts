import { createHash } from 'node:crypto';
import { PARKED_HEADERS, queueName } from '@wbor/contracts';
import { connectAmqp, publishFrames, waitFor, wireNested, wireTable, wireText } from '@wbor/testkit';
import type { ConfirmChannel, GetMessage } from 'amqplib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Broker, type ConsumerLimits, type Delivery, parkDelivery } from '../src/index.ts';
import { parkableHeaders } from '../src/parkable-headers.ts';
import { parked, useBed, work, workMessage } from './broker-bed.ts';

const bed = useBed();
const MEGABYTE = 1_000_000;

/** What a consumer of the work queue did. */
interface Worked {
  readonly texts: string[];
  readonly parkings: { reason: string; error: string }[];
}

/** Consumes the work queue as a service does; what is handled is acknowledged unless `handle` settles it. */
async function consumeWork(
  broker: Broker,
  limits: Partial<ConsumerLimits> = {},
  handle: (delivery: Delivery) => unknown = (delivery) => delivery.ack(),
  prefetch = 50,
): Promise<Worked> {
  const texts: string[] = [];
  const parkings: Worked['parkings'] = [];
  await broker.consume({
    queues: [{ queue: queueName(work, bed.namespace), prefetch }],
    limits: {
      parkedQueue: queueName(parked, bed.namespace),
      onParked: (_delivery, why) => parkings.push(why),
      ...limits,
    },
    async onDelivery(delivery) {
      texts.push(delivery.content.subarray(0, 20).toString());
      await handle(delivery);
    },
  });
  return { texts, parkings };
}

async function takeParked(admin: ConfirmChannel): Promise<GetMessage> {
  const queue = queueName(parked, bed.namespace);
  return waitFor(() => admin.get(queue, { noAck: true }), { what: 'a parked message' });
}

describe('a message that no well-behaved client sends', () => {
  it.each(['F', 'A'] as const)(
    'with headers nested 8,000 deep (%s) is parked, and the next one is next',
    async (kind) => {
      const broker = await bed.connect();
      const admin = await bed.openAdmin();
      const { texts, parkings } = await consumeWork(broker);
      const headers = wireTable({ reason: wireText('kept'), deep: wireNested(kind, 8_000) });
      await publishFrames(admin, bed.namespace.exchange, 'work.a', Buffer.from('poison'), { headers });
      await publishFrames(admin, bed.namespace.exchange, 'work.a', Buffer.from('good'));
      await waitFor(() => texts.includes('good'), { what: 'the good message', timeoutMs: 10_000 });
      await waitFor(() => parkings.length > 0, { what: 'the poison to be parked' });
      expect(texts).toEqual(['good']);
      expect(parkings).toMatchObject([{ reason: 'unreadable-headers' }]);
      const { content, properties } = await takeParked(admin);
      expect(content.toString()).toBe('poison');
      expect(properties.headers).toMatchObject({
        reason: 'kept',
        [PARKED_HEADERS.reason]: 'unreadable-headers',
        [PARKED_HEADERS.leftOut]: 'deep',
        [PARKED_HEADERS.routingKey]: 'work.a',
      });
      expect(broker.ready).toBe(true);
    },
  );

  it('is parkable with 120 KB of headers and properties that are no UTF-8', async () => {
    const broker = await bed.connect();
    const admin = await bed.openAdmin();
    const bad = Buffer.alloc(255, 0xff);
    await consumeWork(broker, {}, (delivery) =>
      parkDelivery(broker, delivery, {
        parkedQueue: queueName(parked, bed.namespace),
        queue: delivery.queue,
        reason: 'test',
        error: 'e'.repeat(10_000),
      }),
    );
    await publishFrames(admin, bed.namespace.exchange, 'work.a', Buffer.from('heavy'), {
      contentType: bad,
      contentEncoding: bad,
      correlationId: bad,
      replyTo: bad,
      messageId: bad,
      type: bad,
      appId: bad,
      priority: 7,
      timestamp: 2n ** 64n - 1n,
      headers: wireTable([
        [Buffer.from('small'), wireText('stays')],
        [Buffer.from('large'), wireText('x'.repeat(120_000))],
        [bad, wireText('an unpublishable name')],
      ]),
    });
    const { properties } = await takeParked(admin);
    expect(properties.priority).toBe(7);
    expect(properties.headers).toMatchObject({ small: 'stays', [PARKED_HEADERS.reason]: 'test' });
    expect(properties.headers?.[PARKED_HEADERS.leftOut]).toMatch(/^large, \ufffd+$/);
  });

  it('is parked once, though its headers say where copies of it go', async () => {
    const broker = await bed.connect();
    const admin = await bed.openAdmin();
    let handled = 0;
    await consumeWork(broker, {}, async (delivery) => {
      handled += 1;
      const parking = { parkedQueue: queueName(parked, bed.namespace), queue: delivery.queue };
      await parkDelivery(broker, delivery, { ...parking, reason: 'test', error: '' });
    });
    const headers = { CC: [queueName(work, bed.namespace)], BCC: [queueName(work, bed.namespace)] };
    // Through the default exchange, where the names would be those of queues.
    admin.publish(bed.namespace.exchange, 'work.a', Buffer.from('copied'), { persistent: true, headers });
    await admin.waitForConfirms();
    const { properties } = await takeParked(admin);
    expect(properties.headers).toMatchObject({ [PARKED_HEADERS.leftOut]: 'CC' });
    await broker.publish(workMessage, 'last');
    await waitFor(() => handled >= 2, { what: 'the last one' });
    const parkedCount = async () => (await admin.checkQueue(queueName(parked, bed.namespace))).messageCount;
    await waitFor(async () => (await parkedCount()) > 0, { what: 'the last one to be parked' });
    expect([handled, await parkedCount()]).toEqual([2, 1]);
  });

  it('counts no deliveries that the producer claims', async () => {
    const broker = await bed.connect();
    const admin = await bed.openAdmin();
    const { texts } = await consumeWork(broker, { maxDeliveries: 3 });
    const headers = { 'x-delivery-count': 1000 };
    admin.publish(bed.namespace.exchange, 'work.a', Buffer.from('alert'), { persistent: true, headers });
    await waitFor(() => texts.includes('alert'), { what: 'the alert' });
  });

  it('has headers that can be published again, whatever they hold', async () => {
    const admin = await bed.openAdmin();
    const value = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 12 },
        fc.string({ unit: 'binary', maxLength: 400 }),
        fc.double(),
        fc.bigInt().map(Number),
        fc.boolean(),
        fc.constant(null),
        fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
        fc.record({
          '!': fc.constantFrom('timestamp', 'decimal', 'a', 'int8', 7),
          value: fc.anything({ maxDepth: 1 }),
        }),
        fc.array(tie('value'), { maxLength: 8 }),
        fc.dictionary(fc.string({ unit: 'binary', maxLength: 300 }), tie('value'), { maxKeys: 8 }),
      ),
    })).value;
    const names = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(fc.dictionary(names, value, { maxKeys: 200 }), (headers) => {
        admin.publish('', queueName(parked, bed.namespace), Buffer.from('x'), {
          headers: parkableHeaders(headers),
        });
      }),
      { numRuns: 500 },
    );
    // The broker closes the channel of one who encodes what it cannot decode.
    await admin.waitForConfirms();
  });

  it('of 82 MB is kept as its digest and its beginning, in little memory', async () => {
    const broker = await bed.connect();
    const admin = await bed.openAdmin();
    const { texts, parkings } = await consumeWork(broker);
    const huge = Buffer.alloc(82 * MEGABYTE, 'h');
    await publishFrames(admin, bed.namespace.exchange, 'work.large', huge, {
      contentType: 'text/plain',
      priority: 5,
    });
    await broker.publish(workMessage, 'good');
    await waitFor(() => texts.length > 0, { what: 'the good message', timeoutMs: 20_000 });
    await waitFor(() => parkings.length > 0, { what: 'the large one to be parked' });
    expect(texts).toEqual(['"good"']);
    expect(parkings).toMatchObject([{ reason: 'too-large' }]);
    const { content, properties } = await takeParked(admin);
    expect(JSON.parse(content.toString())).toEqual({
      bytes: huge.length,
      sha256: createHash('sha256').update(huge).digest('hex'),
      beginning: 'h'.repeat(1024),
      beginning_base64: Buffer.alloc(1024, 'h').toString('base64'),
    });
    expect(properties).toMatchObject({
      contentType: 'application/json',
      priority: 5,
      headers: { [PARKED_HEADERS.reason]: 'too-large', [PARKED_HEADERS.routingKey]: 'work.large' },
    });
  });

  it('is handed to a handler as often as the limit says, and then parked', async () => {
    const broker = await bed.connect();
    const admin = await bed.openAdmin();
    const { texts } = await consumeWork(broker, { maxDeliveries: 3 }, (delivery) => {
      if (delivery.content.toString() === 'bad') delivery.requeue();
      else delivery.ack();
    });
    await publishFrames(admin, bed.namespace.exchange, 'work.a', Buffer.from('bad'));
    await publishFrames(admin, bed.namespace.exchange, 'work.a', Buffer.from('good'));
    const { properties } = await takeParked(admin);
    expect(properties.headers?.[PARKED_HEADERS.reason]).toBe('delivered-too-often');
    expect(texts.filter((text) => text === 'bad')).toHaveLength(3);
    expect(texts).toContain('good');
  });
});

it('has no more bytes in hand than it may, and loses and swaps nothing', async () => {
  const broker = await bed.connect();
  const admin = await bed.openAdmin();
  const numbers: number[] = [];
  let inHand = 0;
  let most = 0;
  const sent = Array.from({ length: 60 }, (_, index) => index);
  for (const index of sent) {
    // A flood of large ones between small ones.
    const body = Buffer.alloc(index >= 10 && index < 40 ? 900_000 : 100, ' ');
    body.write(String(index));
    await publishFrames(admin, bed.namespace.exchange, 'work.a', body);
  }
  await consumeWork(broker, { maxBytesInHand: 4 * MEGABYTE }, async (delivery) => {
    inHand += delivery.content.length;
    most = Math.max(most, inHand);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inHand -= delivery.content.length;
    numbers.push(Number.parseInt(delivery.content.toString('latin1', 0, 5), 10));
    delivery.ack();
  });
  await waitFor(() => numbers.length >= sent.length, { what: 'all messages' });
  expect(most).toBeLessThanOrEqual(4 * MEGABYTE);
  expect(numbers).toEqual(sent);
});

it('says why it is not ready when a handler does nothing but fail, and is ready again after a success', async () => {
  const broker = await bed.connect();
  let isBroken = true;
  await consumeWork(broker, {}, (delivery) => {
    if (isBroken) throw new Error('no space left on device');
    delivery.ack();
  });
  for (let count = 0; count < 5; count += 1) await broker.publish(workMessage, count);
  await waitFor(() => !broker.ready, { what: 'not being ready' });
  expect(broker.reason).toBe('the last 5 messages could not be worked on: no space left on device');
  isBroken = false;
  await waitFor(() => broker.ready, { what: 'being ready again' });
});

describe('replies', () => {
  const reply = { status: 'success', message_id: 'm' } as const;

  /** A client of direct reply-to; gives its address and collects what comes. */
  async function requester() {
    const connection = await connectAmqp(bed.url);
    bed.onEnd(() => connection.close());
    const channel = await connection.createChannel();
    const replies: string[] = [];
    await channel.consume(
      'amq.rabbitmq.reply-to',
      (message) => replies.push(String(message?.properties.correlationId)),
      {
        noAck: true,
      },
    );
    const { queue } = await channel.assertQueue('', { exclusive: true });
    channel.publish('', queue, Buffer.from('x'), { replyTo: 'amq.rabbitmq.reply-to' });
    const message = await waitFor(() => channel.get(queue, { noAck: true }), { what: 'the request' });
    return { replyTo: String(message.properties.replyTo), replies };
  }

  it('reach a client of direct reply-to', async () => {
    const broker = await bed.connect();
    const { replyTo, replies } = await requester();
    await broker.replyUntilConfirmed(replyTo, reply, { correlationId: 'c-1' }, AbortSignal.timeout(5_000));
    await waitFor(() => replies.length > 0, { what: 'the reply' });
    expect(replies).toEqual(['c-1']);
  });

  it('to an address that no broker has made are refused', async () => {
    const broker = await bed.connect();
    const refused = broker.replyUntilConfirmed(
      'amq.rabbitmq.reply-to.junk.junk',
      reply,
      {},
      AbortSignal.timeout(5_000),
    );
    await expect(refused).rejects.toMatchObject({ code: 'INVALID' });
  });

  it('that cost their connection cost nothing else, and are not repeated', async () => {
    const broker = await bed.connect();
    const { replyTo, replies } = await requester();
    // Well-formed, at a node that there is not: RabbitMQ 3.10 closes the connection for it, 4.0 drops the reply.
    const [prefix = '', pid = '', key = ''] = [replyTo.slice(0, 22), ...replyTo.slice(22).split('.')];
    const elsewhere = Buffer.from(pid, 'base64')
      .toString('latin1')
      .replace(/reply@\d/, (text) => `reply@${(Number(text.at(-1)) % 9) + 1}`);
    const forged = `${prefix}${Buffer.from(elsewhere, 'latin1').toString('base64')}.${key}`;
    const { bodies } = await bed.collect(broker);
    const first = broker
      .replyUntilConfirmed(forged, reply, {}, AbortSignal.timeout(8_000))
      .catch((error: unknown) => error);
    await broker.publish(workMessage, 'goes through');
    await broker.replyUntilConfirmed(replyTo, reply, { correlationId: 'c-2' }, AbortSignal.timeout(8_000));
    await waitFor(() => replies.length > 0 && bodies.length > 0, { what: 'what is in order' });
    expect(replies).toEqual(['c-2']);
    expect(bodies).toEqual(['goes through']);
    expect([undefined, 'CHANNEL_CLOSED']).toContain(((await first) as { code?: string } | undefined)?.code);
  });
});
