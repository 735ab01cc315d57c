import { createHash } from 'node:crypto';
import { PARKED_HEADERS, queueName, relayParkedQueue, relayStandardQueue } from '@wbor/contracts';
import { connectAmqp, publishRaw, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, beforeEach, expect, inject, it } from 'vitest';
import { createTestBed, type TestBed, type Visitor } from './test-bed.ts';

type Channel = Awaited<ReturnType<Awaited<ReturnType<typeof connectAmqp>>['createConfirmChannel']>>;

let bed: TestBed;
let connection: Awaited<ReturnType<typeof connectAmqp>>;
let channel: Channel;
let queue: string;
let ann: Visitor;
beforeAll(async () => {
  bed = await createTestBed();
  connection = await connectAmqp(inject('brokerUrl'));
  channel = await connection.createConfirmChannel();
  queue = queueName(relayParkedQueue, bed.namespace);
});
afterAll(async () => {
  await connection?.close();
  await bed?.dispose();
});
beforeEach(async () => {
  await channel.purgeQueue(queue);
  await bed.pool.query('truncate console_actions');
  ann = await bed.signedIn();
});

const park = (messageId: string, body: string, from = queueName(relayStandardQueue, bed.namespace)) =>
  publishRaw(channel, '', queue, Buffer.from(body), {
    messageId,
    headers: { [PARKED_HEADERS.queue]: from, [PARKED_HEADERS.reason]: 'invalid-json' },
  });
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The one message of the list, as it is to be named in forms, and its page. Waits for a list that was kept before it came. */
async function listed(): Promise<{ ref: string; path: string }> {
  const look = async () => {
    const text = await (await ann.get('/parked')).text();
    return text.includes('name="ref"') && text;
  };
  const page = await waitFor(look, { what: 'the list' });
  const [, ref = ''] = /name="ref" value="([^"]+)"/.exec(page) ?? [];
  const [, path = ''] = /<a href="(\/parked\/[^"]+)"/.exec(page) ?? [];
  return { ref, path };
}
async function submit(path: string, fields: Readonly<Record<string, string>>): Promise<string> {
  const { headers } = await ann.submit(path, fields);
  return (await ann.get(headers.get('location') ?? '')).text();
}
async function actions() {
  const { rows } = await bed.pool.query('select action, target, detail from console_actions order by id');
  return rows as { action: string; target: string; detail: Record<string, unknown> }[];
}

it('acts on no other message than the one that was seen', async () => {
  await park('same', 'seen');
  const { path, ref } = await listed();
  await channel.purgeQueue(queue);
  await park('same', 'not seen');
  expect(await submit('/parked/discard', { ref })).toContain('another message stands in its place by now');
  expect((await ann.get(path)).status).toBe(404);
  expect(await actions()).toEqual([]);
  expect((await channel.checkQueue(queue)).messageCount).toBe(1);
  await channel.purgeQueue(queue);
  expect(await submit('/parked/discard', { ref })).toContain('same#1 was not: it is parked no more.');
});

it('writes down who looked into a message, and what was made of it', async () => {
  await park('bad', '{"body": "x"');
  const { path, ref } = await listed();
  const viewer = await bed.signedIn('Viewer', 'viewer');
  expect(await (await viewer.get(path)).text()).not.toContain('{&quot;body');
  expect(await actions()).toEqual([]);
  expect(await (await ann.get(path)).text()).toContain('{&quot;body');
  expect(await submit('/parked/edit', { ref, body: '{"body": "x"}' })).toContain('1 message was replayed');
  const [shown, edited, ...more] = await actions();
  expect(shown).toMatchObject({ action: 'parked.show', target: 'bad' });
  expect(edited).toMatchObject({
    action: 'parked.edit',
    detail: { before: sha256('{"body": "x"'), after: sha256('{"body": "x"}') },
  });
  expect(more).toEqual([]);
});

it('keeps what names a queue that does not park there, and writes down that it came to nothing', async () => {
  const elsewhere = `${bed.namespace.queuePrefix}moderator.requests`;
  await park('\u{1f3b6}'.repeat(60), `{"wbor_message_id":"\\u0000${'x'.repeat(5_000)}"}`, elsewhere);
  const { ref } = await listed();
  expect(await submit('/parked/replay', { ref })).toContain(`it says that it came from ${elsewhere}`);
  expect(await actions()).toMatchObject([
    { action: 'parked.replay', target: `\ufffd${'x'.repeat(255)}` },
    { action: 'parked.failed', detail: { of: 'parked.replay', why: expect.stringContaining(elsewhere) } },
  ]);
  expect((await channel.checkQueue(elsewhere)).messageCount).toBe(0);
  expect((await channel.checkQueue(queue)).messageCount).toBe(1);
});
