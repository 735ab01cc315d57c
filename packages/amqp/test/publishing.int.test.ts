import { startTcpProxy, waitFor } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';
import { type Delivery, PublishError } from '../src/index.ts';
import { useBed } from './broker-bed.ts';

const bed = useBed();

describe('publishing', () => {
  it('resolves once a queue has the message, with the properties that every message carries', async () => {
    const broker = await bed.connect();
    const deliveries: Delivery[] = [];
    await bed.collect(broker, (delivery) => {
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
      exchange: bed.namespace.exchange,
      redelivered: false,
      messageId: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      correlationId: 'c',
      headers: { 'x-retry-count': 0, 'x-own': 1 },
    });
    expect(deliveries[0]?.content.toString()).toBe('{"text":"é"}');
  });

  it('fails with RETURNED when no queue takes the message, and only then', async () => {
    const broker = await bed.connect();
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
    const broker = await bed.connect();
    await expect(
      broker.publish({ routingKey: 'work.a', body: 1, headers: { bad: () => {} } }),
    ).rejects.toMatchObject({ code: 'INVALID' });
    await broker.publish({ routingKey: 'work.a', body: 2 });
  });

  it('bounds what is in flight', async () => {
    const broker = await bed.connect(bed.url, { maxInFlight: 2 });
    const results = await Promise.allSettled(
      [1, 2, 3].map((body) => broker.publish({ routingKey: 'work.a', body })),
    );
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
    const proxy = await startTcpProxy({ target: bed.url });
    bed.onEnd(() => proxy.dispose());
    const broker = await bed.connect(proxy.url(bed.url), { confirmTimeoutMs: 300 });
    proxy.stall();
    await expect(broker.publish({ routingKey: 'work.a', body: 1 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await proxy.cut();
  });
});
