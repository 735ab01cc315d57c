import { queueName, relayStandardQueue } from '@wbor/contracts';
import { connectAmqp, spawnService, startBroker, type TestBroker, waitFor } from '@wbor/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let broker: TestBroker;
let world: RelayUnderTest;

beforeAll(async () => {
  broker = await startBroker({ private: true });
}, 120_000);

afterAll(() => broker.dispose());

beforeEach(async () => {
  world = await setUpRelay(broker.url);
});

afterEach(() => world.stop());

/** Messages of producers that are in nobody's hands. */
async function waiting(): Promise<number> {
  const connection = await connectAmqp(broker.url);
  try {
    const channel = await connection.createChannel();
    const { messageCount } = await channel.checkQueue(queueName(relayStandardQueue, world.namespace));
    return messageCount;
  } finally {
    await connection.close();
  }
}

it('gives a message back that it could not store as planned, however suddenly it ends', async () => {
  // Declares the queues.
  await (await world.start()).stop();
  await world.publish('source.standard', { body: 'alert', source: 'x', wbor_message_id: 'id' });
  await broker.setMemoryAlarm(true);
  try {
    const relay = await spawnService({ app: 'relay', env: { ...world.env } });
    world.onStop(() => relay.kill());
    await waitFor(async () => (await waiting()) === 0, { what: 'the relay taking it', timeoutMs: 20_000 });
    await relay.waitForLog((line) => String(line.msg).includes('has blocked publishing'), 20_000);
    await relay.kill();
    await waitFor(async () => (await waiting()) === 1, { what: 'the message being back' });
  } finally {
    await broker.setMemoryAlarm(false);
  }
  await world.start();
  await waitFor(() => world.posts().length > 0, { what: 'the post' });
  expect(world.posts()).toHaveLength(1);
}, 90_000);
