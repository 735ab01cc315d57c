import { deriveTopology, queueName } from '@wbor/contracts';
import { createNamespace, startBroker, type TestBroker, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectBroker, type Delivery, inspectBroker } from '../src/index.ts';
import { parked, shared, sharedMessage, work, workMessage } from './broker-bed.ts';

let rabbit: TestBroker;
beforeAll(async () => {
  rabbit = await startBroker({ private: true });
}, 120_000);
afterAll(() => rabbit.dispose());

const PROBE_MS = 100;

async function connect(url: string) {
  const lines: string[] = [];
  const log = (_fields: object, text: string): void => void lines.push(text);
  const broker = await connectBroker({
    url,
    appId: 'amqp test',
    topology: deriveTopology([parked], createNamespace()),
    logger: { debug() {}, info: log, warn: log, error: log },
    probeEveryMs: PROBE_MS,
  });
  return { broker, lines };
}

it('an alarm of the broker is noticed although nothing is published, and its end, too', async () => {
  const { broker } = await connect(rabbit.url);
  try {
    expect(broker.reason).toBeUndefined();
    await rabbit.setMemoryAlarm(true);
    await waitFor(() => !broker.ready, { what: 'the alarm' });
    expect(broker.reason).toContain('resource alarm');
    const inspection = await inspectBroker({ url: rabbit.url });
    expect(await inspection.tryToWrite('', 'nobody')).toEqual({ is: 'blocked', detail: 'low on memory' });
    // Who only asks is answered all the same.
    expect(await inspection.lookAtExchange('amq.topic')).toEqual({ is: 'ok' });
    await inspection.close();
  } finally {
    await rabbit.setMemoryAlarm(false);
  }
  await waitFor(() => broker.ready, { what: 'the end of the alarm' });
  await broker.close();
});

it('what the holder of a message publishes waits for the end of an alarm, and the message stays in hand', async () => {
  const namespace = createNamespace();
  const broker = await connectBroker({
    url: rabbit.url,
    appId: 'amqp test',
    topology: deriveTopology([parked, work, shared], namespace),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    confirmTimeoutMs: 500,
  });
  const held: Delivery[] = [];
  await broker.consume({
    queues: [{ queue: queueName(work, namespace), prefetch: 1 }],
    async onDelivery(delivery) {
      held.push(delivery);
    },
  });
  await broker.publish(workMessage, 'in hand');
  await waitFor(() => held.length === 1, { what: 'the message' });
  let published: Promise<void> | undefined;
  try {
    await rabbit.setMemoryAlarm(true);
    published = held[0]?.publishWhileHeld(sharedMessage, 'once the alarm is over');
    // The consuming connection hears of the alarm, since it publishes.
    await waitFor(() => broker.reason?.includes('resource alarm') === true, { what: 'the alarm' });
  } finally {
    await rabbit.setMemoryAlarm(false);
  }
  await published;
  expect(held[0]?.ack()).toBe(true);
  await waitFor(
    async () => (await broker.inspectQueues([queueName(work, namespace)]))[0]?.messageCount === 0,
    {
      what: 'the acknowledgement to be taken',
    },
  );
  expect(held).toHaveLength(1);
  await broker.close();
});

it('who may not write to the default exchange is not asked again', async () => {
  const url = await rabbit.addUser({
    name: 'least',
    password: 'least',
    configure: '.*',
    write: '^(?!amq\\.default$).*',
    read: '.*',
  });
  const { broker, lines } = await connect(url);
  const closed = () => lines.filter((line) => line === 'the broker closed a channel');
  await waitFor(() => closed().length === 1 && broker.ready, { what: 'the channel to be there again' });
  await new Promise((resolve) => setTimeout(resolve, 5 * PROBE_MS));
  expect(closed()).toHaveLength(1);
  expect(broker.ready).toBe(true);
  await broker.close();
});
