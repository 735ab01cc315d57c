import { deriveTopology } from '@wbor/contracts';
import { createNamespace, startBroker, type TestBroker, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectBroker, inspectBroker } from '../src/index.ts';
import { parked } from './broker-bed.ts';

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
    const inspection = await inspectBroker(rabbit.url);
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
