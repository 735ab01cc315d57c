import {
  auditEventsQueue,
  auditParkedQueue,
  PARKED_HEADERS,
  queueName,
  relayOutboxQueue,
  relayParkedQueue,
} from '@wbor/contracts';
import { connectAmqp, createNamespace, deleteNamespace, publishRaw } from '@wbor/testkit';
import { expect, inject, it, onTestFinished } from 'vitest';
import { runParked } from '../src/run-parked.testing.ts';

const brokerUrl = inject('brokerUrl');

/** What would clear a terminal, and a mark that turns writing round. */
const ESCAPES = '\u001b[2J\u202e\u2028';

/** Stands before the name of a queue that is of the test's namespace. */
const OURS = 'ours:';

type Sent = readonly [body: string, properties: Parameters<typeof publishRaw>[4]];

/** Parks messages in a namespace of their own, and gives the command for it. */
async function park(messages: readonly Sent[], definition: { readonly name: string } = relayParkedQueue) {
  const namespace = createNamespace();
  const env = {
    RABBITMQ_URL: brokerUrl,
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
  };
  const parked = (...args: string[]) => runParked(env, ...args);
  // Declares the queues.
  expect(await parked('list')).toMatchObject({ code: 0, stdout: '0 messages parked\n' });
  const connection = await connectAmqp(brokerUrl);
  onTestFinished(async () => {
    await connection.close();
    await deleteNamespace(brokerUrl, namespace);
  });
  const channel = await connection.createConfirmChannel();
  const queue = queueName(definition, namespace);
  // Those of the relay are declared by the command.
  if (definition !== relayParkedQueue)
    await channel.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum' } });
  for (const [body, properties] of messages) {
    const headers = { ...properties?.headers };
    const from = String(headers[PARKED_HEADERS.queue]);
    if (from.startsWith(OURS))
      headers[PARKED_HEADERS.queue] = queueName({ name: from.slice(OURS.length) }, namespace);
    await publishRaw(channel, '', queue, Buffer.from(body), { ...properties, headers });
  }
  return Object.assign(parked, { queue });
}

const odd: readonly Sent[] = [
  ['bytes', { messageId: 'bytes', headers: { bytes: Buffer.from([0, 255]), [PARKED_HEADERS.reason]: 7 } }],
  ['nested', { messageId: 'nested', headers: { a: { b: [{ c: [[[[[[[[[[1]]]]]]]]]] }] } } }],
  ['death', { messageId: 'death', headers: { 'x-death': [{ reason: { toString: 1 }, queue: [] }] } }],
  ['no death', { messageId: 'no-death', headers: { 'x-death': [7] } }],
  ['time', { messageId: 'time', headers: { [PARKED_HEADERS.at]: `never${ESCAPES}` } }],
  ['reason', { messageId: 'reason', headers: { [PARKED_HEADERS.reason]: `odd${ESCAPES}` } }],
  ['escape', { messageId: `${ESCAPES}id` }],
  ['option', { messageId: '--all' }],
  ['number', { messageId: 'bytes#1' }],
  ['none', {}],
  ['empty', { messageId: '' }],
];

it('lists and shows whatever lies there, and a terminal is told nothing by it', async () => {
  const parked = await park(odd);
  const lines = (await parked('list', '--json')).stdout.trim().split('\n');
  const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id);
  expect(new Set(ids).size).toBe(odd.length);
  const list = await parked('list');
  expect(list).toMatchObject({ code: 0, stdout: expect.stringContaining(`${odd.length} messages parked`) });
  for (const output of [
    list.stdout,
    ...(await Promise.all(ids.map(async (id) => (await parked('show', id)).stdout))),
  ]) {
    expect(output).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\u2028]/u);
  }
  for (const [index, [body]] of odd.entries()) {
    expect((await parked('show', `${ids[index]}`)).stdout).toContain(`\n\n${body}\n`);
  }
});

it('tells messages with one id apart, and does nothing when it is not said which is meant', async () => {
  const parked = await park([
    ['first', { messageId: 'same' }],
    ['other', { messageId: 'samething' }],
    ['second', { messageId: 'same' }],
  ]);
  expect((await parked('list')).stdout).toMatch(/^same .*\nsamething .*\nsame#2 /m);
  const vague = await parked('discard', 'same');
  expect(vague.code).toBe(1);
  expect(vague.stdout).toContain('  same#1\n  samething#1\n  same#2\n');
  expect((await parked('show', 'same#1')).stdout).toContain('first');
  expect((await parked('show', 'same#2')).stdout).toContain('second');
  expect(await parked('discard', 'same#2', 'samet')).toMatchObject({ code: 0 });
  expect((await parked('show', 'same')).stdout).toContain('first');
});

const from = (queue: string) => ({ headers: { [PARKED_HEADERS.queue]: queue } });

it('keeps what cannot be replayed, says so, and replays the others', async () => {
  const parked = await park([
    ['from nowhere', { messageId: 'nowhere' }],
    ['from where nothing is parked here', { messageId: 'forged', ...from(`${OURS}moderator.requests`) }],
    ['replayed', { messageId: 'good', ...from(`${OURS}${relayOutboxQueue.name}`) }],
  ]);
  const replayed = await parked('replay', '--all');
  expect(replayed).toMatchObject({ code: 1, stdout: expect.stringContaining('1 message replayed') });
  expect(replayed.stdout).toContain('nowhere was not replayed: it is not known from which queue');
  expect(replayed.stdout).toMatch(
    /forged was not replayed: it says that it came from \S+moderator\.requests/,
  );
  const forPrograms = await parked('replay', 'forged', '--json');
  expect(forPrograms).toMatchObject({ code: 1, stdout: expect.stringContaining('forged was not replayed') });
  const left = (await parked('list', '--json')).stdout.trim().split('\n');
  expect(left.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['nowhere', 'forged']);
});

it('says when the queue that a message came from is gone', async () => {
  const sent: Sent = ['x', { messageId: 'gone', ...from(`${OURS}${auditEventsQueue.name}`) }];
  const parked = await park([sent], auditParkedQueue);
  const replayed = await parked('replay', '--all', '--queue', parked.queue);
  expect(replayed.code).toBe(1);
  expect(replayed.stdout).toContain('gone was not replayed: no queue takes messages');
});
