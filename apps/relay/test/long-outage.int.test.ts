import { type ServiceProcess, startBroker, type TestBroker, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

/**
 * Six hours of outage, 240 times as fast: the broker's consumer timeout of 30 minutes is 7.5 s here, and a hold
 * is renewed every 2.5 s instead of every 10 minutes. The delivery limit of 1000 is 60: less than twice the
 * renewals of six hours.
 */
const OUTAGE_MS = 90_000;
const CONSUMER_TIMEOUT_MS = 7_500;
const RENEW_SECONDS = '2.5';
const DELIVERY_LIMIT = 60;
const MESSAGES = 50;

let broker: TestBroker;
let world: RelayUnderTest;

beforeAll(async () => {
  broker = await startBroker({ private: true });
  for (const setting of [`consumer_timeout, ${CONSUMER_TIMEOUT_MS}`, 'channel_tick_interval, 500']) {
    await broker.control('eval', `application:set_env(rabbit, ${setting}).`);
  }
  await broker.control(
    'set_policy',
    'limit',
    '.*outbox.*',
    `{"delivery-limit":${DELIVERY_LIMIT}}`,
    '--apply-to',
    'queues',
  );
  world = await setUpRelay(broker.url, { GROUPME_GROUP_ID: '90000001' });
});

afterAll(async () => {
  await world?.stop();
  await broker?.dispose();
});

async function residentBytes(relay: ServiceProcess): Promise<number> {
  const metrics = await (await fetch(`${relay.healthUrl}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(metrics)?.[1]);
}

async function publishAll(source: string): Promise<void> {
  for (let number = 1; number <= MESSAGES; number += 1) {
    await world.publish(`source.standard.${source}`, {
      body: `${source} ${number}`,
      source,
      wbor_message_id: `${source}${number}`,
    });
  }
}

describe('six hours without GroupMe', () => {
  it('would trip over the broker’s consumer timeout if a hold were not renewed', {
    timeout: 60_000,
  }, async () => {
    const relay = await world.start({ HOLD_RENEW_SECONDS: '60' });
    world.simulator.setFault({ route: 'bots/post', mode: 'status', status: 503 });
    await world.publish('source.standard.x', { body: 'held', source: 'x', wbor_message_id: 'held' });
    await relay.waitForLog((line) => String(line.error).includes('PRECONDITION_FAILED'), 30_000);
    world.simulator.clearFaults();
    await waitFor(() => world.posts().length === 1, { what: 'the message all the same', timeoutMs: 30_000 });
    await relay.stop();
  });

  it('loses nothing, keeps the order, repeats nothing, and needs no memory for it', {
    timeout: 180_000,
  }, async () => {
    const relay = await world.start({ HOLD_RENEW_SECONDS: RENEW_SECONDS });
    world.simulator.reset();
    const before = await residentBytes(relay);
    world.simulator.setFault({ route: 'bots/post', mode: 'status', status: 503 });
    world.simulator.setFault({ route: 'messages', mode: 'status', status: 503 });
    const over = Date.now() + OUTAGE_MS;
    await publishAll('x');
    await waitFor(() => Date.now() >= over, {
      what: 'the outage to end',
      timeoutMs: OUTAGE_MS * 2,
      intervalMs: 500,
    });
    expect(world.posts()).toEqual([]);
    const after = await residentBytes(relay);
    world.simulator.clearFaults();
    await waitFor(() => world.posts().length >= MESSAGES, { what: 'all messages', timeoutMs: 60_000 });
    expect(world.posts().map((text) => /"x (\d+)"/.exec(text)?.[1])).toEqual(
      Array.from({ length: MESSAGES }, (_, index) => String(index + 1)),
    );
    expect(after - before).toBeLessThan(50 * 1024 * 1024);
    expect(relay.running).toBe(true);
    expect(relay.logs().some((line) => String(line.error).includes('PRECONDITION_FAILED'))).toBe(false);
  });
});
