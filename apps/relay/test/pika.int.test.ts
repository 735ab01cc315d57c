import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { endecNotification } from '@wbor/contracts';
import { connectAmqp, repoRoot, unpackPackages, waitFor } from '@wbor/testkit';
import { afterEach, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

const brokerUrl = inject('brokerUrl');

/** Where Python finds Debian's pika. */
let pikaFolder: string | undefined;
let whyNot = '';
let world: RelayUnderTest;
/** The exchange of the other programs. */
let theirs: string;

beforeAll(async () => {
  if (spawnSync('python3', ['--version']).status !== 0) {
    whyNot = 'there is no python3 on this machine';
    return;
  }
  try {
    pikaFolder = join(await unpackPackages({ name: 'python3-pika' }), 'usr/lib/python3/dist-packages');
  } catch (error) {
    whyNot = 'there is no python3-pika package for this machine';
    process.stderr.write(`[pika] not tried: ${error instanceof Error ? error.message : error}\n`);
  }
}, 120_000);

beforeEach(async (context) => {
  if (pikaFolder === undefined) context.skip(whyNot);
  world = await setUpRelay(brokerUrl);
  theirs = `${world.namespace.exchange}.notifications`;
  const connection = await connectAmqp(brokerUrl);
  const channel = await connection.createChannel();
  await channel.assertExchange(theirs, 'topic', { durable: true });
  world.onStop(async () => {
    await channel.deleteExchange(theirs);
    await connection.close();
  });
  const relay = await world.start({ NOTIFICATIONS_EXCHANGE: theirs });
  await relay.waitForLog(({ msg }) => msg === 'bound to an exchange of others');
});

afterEach(() => world?.stop());

/** Runs the client; resolves with the replies that it got. */
async function publish(call: {
  as: 'producer' | 'endec';
  exchange: string;
  key: string;
  body: object;
  headers?: object;
}): Promise<unknown[]> {
  const script = join(repoRoot, 'apps/relay/test/pika-client.py');
  const client = spawn('python3', [script, brokerUrl], {
    env: { ...process.env, PYTHONPATH: pikaFolder, PYTHONDONTWRITEBYTECODE: '1' },
  });
  const ended = once(client, 'close');
  client.stdin.end(JSON.stringify(call));
  const [stdout, stderr] = await Promise.all([text(client.stdout), text(client.stderr)]);
  const [code] = await ended;
  expect(code, stderr).toBe(0);
  const { replies } = JSON.parse(stdout) as { replies: unknown[] };
  return replies;
}

/** The body of the generic producer, which has no `body`. */
const fromProducer = (words: string, more: object = {}) => ({
  wbor_message_id: randomUUID(),
  text: words,
  statuscode: null,
  bot_id: '',
  source: 'standard',
  timestamp: '2025-06-01T19:20:00.000000+00:00',
  type: 'test',
  ...more,
});
const exchange = () => world.namespace.exchange;

it('the generic producer hears by its reply queue that its message is in the chat', async () => {
  const body = fromProducer('Hello from pika ☃');
  const headers = { 'x-retry-count': 0 };
  const replies = await publish({
    as: 'producer',
    exchange: exchange(),
    key: 'source.standard.test',
    body,
    headers,
  });
  expect(replies).toEqual([expect.objectContaining({ status: 'success' })]);
  expect(world.posts().filter((post) => post.includes('Hello from pika ☃'))).toHaveLength(1);
});

it('what the generic producer has posted by itself is logged, which it hears too, and not posted', async () => {
  const body = fromProducer('Posted already', { statuscode: 202, bot_id: 'b' });
  const headers = { 'x-retry-count': 0, alreadysent: true };
  const replies = await publish({
    as: 'producer',
    exchange: exchange(),
    key: 'source.standard.test',
    body,
    headers,
  });
  expect(replies).toEqual([expect.objectContaining({ status: 'success' })]);
  const row = (await world.events.waitForCount(1)).map(({ json }) => json);
  expect(row).toEqual([expect.objectContaining({ outcome: 'already-sent', code: 202 })]);
  expect(world.posts()).toEqual([]);
});

it('the endec’s alert is posted, without any header, and the same header again is not', async () => {
  const alert = {
    ...endecNotification.example,
    eas_data: { ...endecNotification.example.eas_data, event: 'TOR', event_name: 'Tornado Warning' },
  };
  const call = { as: 'endec', exchange: theirs, key: 'notification.wbor-endec', body: alert } as const;
  await publish(call);
  await publish(call);
  await publish({
    as: 'endec',
    exchange: theirs,
    key: 'notification.wbor-endec',
    body: {
      ...alert,
      message_text: 'A line of the printer.',
      eas_data: { event_name: 'Plain Text Message', raw_header: 'Not found' },
    },
  });
  await waitFor(() => world.posts().includes('A line of the printer.'), { what: 'the last one' });
  expect(world.posts().map((post) => post.split('\n')[0])).toEqual([
    'EMERGENCY ALERT: Tornado Warning',
    'A line of the printer.',
  ]);
});

it('the endec’s heartbeat, to the same exchange, is nothing for the chat', async () => {
  const health = { source: 'wbor-endec', status: 'alive', timestamp_utc: '2025-06-01T19:20:00Z' };
  await publish({ as: 'endec', exchange: theirs, key: 'health.wbor-endec', body: health });
  await world.publish('source.standard.x', { body: 'next', source: 'x' });
  await waitFor(() => world.posts().length > 0, { what: 'the message after it' });
  expect(world.posts().map((post) => post.split('\n')[0])).toEqual(['"next"']);
});
