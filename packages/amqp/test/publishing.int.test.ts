import { queueName } from '@wbor/contracts';
import { startTcpProxy, waitFor } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';
import { type Delivery, PublishError } from '../src/index.ts';
import { nobodysMessage, parked, parkedMessage, useBed, workMessage } from './broker-bed.ts';

const bed = useBed();

describe('publishing', () => {
  it('resolves once a queue has the message, with the properties that every message carries', async () => {
    const broker = await bed.connect();
    const deliveries: Delivery[] = [];
    await bed.collect(broker, (delivery) => {
      deliveries.push(delivery);
      delivery.ack();
    });
    await broker.publish(
      workMessage,
      { text: 'é' },
      { key: 'work.a', headers: { 'x-own': 1 }, correlationId: 'c' },
    );
    await waitFor(() => deliveries.length === 1, { what: 'the delivery' });
    expect(deliveries[0]).toMatchObject({
      routingKey: 'work.a',
      exchange: bed.namespace.exchange,
      redelivered: false,
      messageId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      correlationId: 'c',
      headers: { 'x-retry-count': 0, 'x-own': 1 },
    });
    expect(deliveries[0]?.content.toString()).toBe('{"text":"é"}');
  });

  it('puts the prefix before the name of a queue, and says the plain name as the type', async () => {
    const broker = await bed.connect();
    await broker.publish(parkedMessage, { text: 'x' }, { messageId: 'one' });
    const admin = await bed.openAdmin();
    const got = await admin.get(queueName(parked, bed.namespace), { noAck: true });
    expect(got).toMatchObject({
      fields: { exchange: '' },
      properties: { messageId: 'one', type: 'amqp.parked', contentType: 'application/json', headers: {} },
    });
  });

  it('sends bytes as they are', async () => {
    const broker = await bed.connect();
    const queue = queueName(parked, bed.namespace);
    const bytes = Buffer.from([0xff, 0x00]);
    await broker.sendBytes(queue, bytes, { contentType: 'image/png', headers: { 'x-own': 1 } });
    await broker.sendBytesUntilConfirmed(queue, bytes, { type: 'parked' });
    const admin = await bed.openAdmin();
    const first = await admin.get(queue, { noAck: true });
    expect(first).toMatchObject({
      content: bytes,
      properties: { type: queue, contentType: 'image/png', headers: { 'x-own': 1 } },
    });
    const second = await admin.get(queue, { noAck: true });
    expect(second).toMatchObject({ content: bytes, properties: { type: 'parked', headers: {} } });
    await expect(broker.sendBytes(`${queue}.gone`, bytes)).rejects.toMatchObject({ code: 'RETURNED' });
  });

  it("answers on a producer's own queue, which may be gone", async () => {
    const broker = await bed.connect();
    const admin = await bed.openAdmin();
    const { queue } = await admin.assertQueue('', { exclusive: true });
    const reply = { status: 'success', message_id: 'id' } as const;
    await broker.replyUntilConfirmed(queue, reply, { correlationId: 'c' });
    const got = await admin.get(queue, { noAck: true });
    expect(got).toMatchObject({ properties: { type: 'reply', correlationId: 'c', headers: {} } });
    expect(got && JSON.parse(got.content.toString())).toEqual(reply);
    await broker.replyUntilConfirmed('nobody.here', reply);
  });

  it('fails with RETURNED when no queue takes the message, and only then', async () => {
    const broker = await bed.connect();
    const results = await Promise.allSettled([
      broker.publish(workMessage, 1),
      broker.publish(nobodysMessage, 2),
      broker.publish(workMessage, 3, { key: 'work.b' }),
      broker.publish(nobodysMessage, 4, { mandatory: false }),
    ]);
    expect(
      results.map((result) => (result.status === 'rejected' ? result.reason.code : 'confirmed')),
    ).toEqual(['confirmed', 'RETURNED', 'confirmed', 'confirmed']);
  });

  it('refuses what cannot be encoded and goes on', async () => {
    const broker = await bed.connect();
    await expect(broker.publish(workMessage, 1, { headers: { bad: () => {} } })).rejects.toMatchObject({
      code: 'INVALID',
    });
    await broker.publish(workMessage, 2);
  });

  it('bounds what is in flight', async () => {
    const broker = await bed.connect(bed.url, { maxInFlight: 2 });
    const results = await Promise.allSettled([1, 2, 3].map((body) => broker.publish(workMessage, body)));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect((results[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'BUSY' });
  });

  it('says DISCONNECTED at once while the broker is away, and publishUntilConfirmed outlasts it', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url));
    const { bodies, has } = await bed.collect(broker);
    await proxy.cut();
    await waitFor(() => !broker.ready, { what: 'the broker to be missed' });
    const early = await broker.publish(workMessage, 'early').catch((error: unknown) => error);
    expect(early).toBeInstanceOf(PublishError);
    expect(early).toMatchObject({ code: 'DISCONNECTED', retryable: true });
    const patient = broker.publishUntilConfirmed(workMessage, 'patient');
    await proxy.heal();
    await patient;
    await has(1);
    expect(bodies).toEqual(['patient']);
  });

  it('gives up on a confirm that does not come', async () => {
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url), { confirmTimeoutMs: 300 });
    proxy.stall();
    await expect(broker.publish(workMessage, 1)).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await proxy.cut();
  });
});
