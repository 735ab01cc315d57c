import { gzipSync } from 'node:zlib';
import { shownUid } from '@wbor/contracts';
import { runParked } from '@wbor/parked-cli/testing';
import { waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type RelayUnderTest, setUpRelay } from './relay-under-test.ts';

let world: RelayUnderTest;
let healthUrl: string;
let logs: () => unknown;

beforeAll(async () => {
  world = await setUpRelay(inject('brokerUrl'));
  const relay = await world.start();
  ({ healthUrl } = relay);
  logs = () => relay.logs();
});

afterAll(() => world.stop());

const SMS = 'source.twilio.sms.incoming';
const STANDARD = 'source.standard.ups';
const json = (body: object) => JSON.stringify(body);
const minutes = (count: number) => Date.now() + count * 60_000;

/** Each kind of odd message, and what the chat shows of it before the footer. */
const posted: readonly {
  what: string;
  body: object | string | Buffer;
  shows: string;
  key?: string;
  options?: object;
}[] = [
  {
    what: 'declared Latin-1',
    body: Buffer.from('{"body":"Café Niño"}', 'latin1'),
    options: { contentType: 'application/json; charset=iso-8859-1' },
    shows: 'Café Niño',
  },
  {
    what: 'gzip',
    body: gzipSync('{"body":"zipped"}'),
    options: { contentEncoding: 'gzip' },
    shows: 'zipped',
  },
  {
    what: 'a charset for an encoding, as Celery has it',
    body: '{"body":"celery é"}',
    options: { contentEncoding: 'utf-8', contentType: 'application/json' },
    shows: 'celery é',
  },
  {
    what: 'an encoding that means nothing',
    body: '{"body":"string é"}',
    options: { contentEncoding: 'string' },
    shows: 'string é',
  },
  {
    what: 'a charset as Python names it',
    body: Buffer.from('{"body":"python é"}', 'latin1'),
    options: { contentType: 'application/json; charset=latin-1' },
    shows: 'python é',
  },
  { what: 'NaN', body: '{"body":"not a number","load":NaN}', shows: 'not a number' },
  { what: 'a trailing NUL', body: '{"body":"nul behind"}\u0000', shows: 'nul behind' },
  { what: 'lines that CR ends', body: { body: 'FIRST\rSECOND\u0085THIRD' }, shows: 'FIRST\nSECOND\nTHIRD' },
  { what: 'a message alone in a list', body: '[{"body":"listed"}]', shows: 'listed' },
  { what: 'a message that is encoded twice', body: JSON.stringify(json({ body: 'twice' })), shows: 'twice' },
  { what: 'a number for a body', body: { body: 30.5 }, shows: '30.5' },
  { what: 'Body', body: { Body: 'capital' }, shows: 'capital' },
  { what: 'text beside a blank body', body: { body: '\n\u200b', text: 'in text' }, shows: 'in text' },
  { what: 'no images in words', body: { body: 'no images', images: '' }, shows: 'no images' },
  { what: 'a blank image', body: { body: 'blank image', images: [''] }, shows: 'blank image' },
  { what: 'a list for a source', body: { body: 'listed source', source: ['endec'] }, shows: 'listed source' },
  { what: 'a number for an id', body: { body: 'numbered', wbor_message_id: 1_234_567 }, shows: 'numbered' },
  { what: 'a huge id', body: { body: 'huge id', wbor_message_id: 'x'.repeat(200_000) }, shows: 'huge id' },
  { what: 'a huge source', body: { body: 'huge source', source: 's'.repeat(300_000) }, shows: 'huge source' },
  {
    what: 'an SMS of odd types',
    key: SMS,
    body: { Body: 'odd sms', SenderName: 411, type: 3, source: false },
    shows: 'odd sms',
  },
  {
    what: 'an SMS of which the text is called text',
    key: SMS,
    body: { Body: ' ', text: 'sms in text', NumMedia: 'two' },
    shows: 'sms in text',
  },
  ...['no', 'maybe', [false, true]].map((alreadysent, index) => ({
    what: `alreadysent: ${JSON.stringify(alreadysent)}`,
    body: { body: `not sent ${index}` },
    options: { headers: { alreadysent } },
    shows: `not sent ${index}`,
  })),
  {
    what: 'an expiration of a clock that is wrong',
    body: { body: 'wrong clock' },
    options: { expiration: '600000', timestamp: Math.trunc(minutes(-600) / 1000) },
    shows: 'wrong clock',
  },
  ...[
    true,
    60_000,
    '60000',
    ['soon'],
    Math.trunc(minutes(10) / 1000),
    new Date(minutes(10)).toISOString(),
  ].map((deadline, index) => ({
    what: `a deadline of ${JSON.stringify(deadline)}`,
    body: { body: `deadline ${index}` },
    options: { headers: { 'x-deliver-by': deadline } },
    shows: `deadline ${index}`,
  })),
  {
    what: "a deadline of AMQP's type",
    body: { body: 'deadline of type' },
    options: { headers: { 'x-deliver-by': { '!': 'timestamp', value: Math.trunc(minutes(10) / 1000) } } },
    shows: 'deadline of type',
  },
];

async function metric(pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${healthUrl}/metrics`)).text();
  return [...text.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0);
}

const postOf = (words: string) => world.posts().find((post) => post.startsWith(`"${words}"\n`));

describe('a message whose text can be read', () => {
  beforeAll(async () => {
    for (const { body, key = STANDARD, options = {} } of posted) await world.publish(key, body, options);
    await waitFor(() => world.posts().length >= posted.length, { what: 'the posts', timeoutMs: 30_000 });
  }, 60_000);

  it.each(posted)('is posted: $what', ({ shows }) => {
    expect(postOf(shows)).toBeDefined();
  });

  it('is neither parked nor posted twice, and what was odd is counted', async () => {
    expect(world.posts()).toHaveLength(posted.length);
    expect(await metric(/^relay_messages_parked_total\{.*\} (\d+)$/gm)).toBe(0);
    expect(await metric(/^relay_input_repaired_total\{field="source"\} (\d+)$/gm)).toBe(2);
    expect(await metric(/^relay_input_repaired_total\{field="alreadysent"\} (\d+)$/gm)).toBe(3);
    expect(await metric(/^relay_input_repaired_total\{field="x-deliver-by"\} (\d+)$/gm)).toBe(8);
  });

  it('has no long name in any log line or event', () => {
    for (const line of logs() as unknown[]) expect(JSON.stringify(line).length).toBeLessThan(2_000);
    for (const { json: event } of world.events.messages) {
      expect(JSON.stringify(event).length).toBeLessThan(2_000);
    }
  });

  it.each([
    [STANDARD, { body: 'with a wrong one', images: [7] }, /^A media item came without a usable address\.\n/],
    [
      SMS,
      { Body: '', NumMedia: '1' },
      /^A media item came without a usable address\.\n\nCheck the message in Twilio/,
    ],
    [
      STANDARD,
      { body: 'with too many', images: Array.from({ length: 13 }, () => 'nowhere') },
      /^10 media items could not be attached:\n[\s\S]*\n3 media items were left out: 10 are the most\.\n/,
    ],
  ])('tells the chat which picture is missing: %s %j', async (key, body, notice) => {
    const before = world.posts().length;
    await world.publish(key, body);
    await waitFor(
      () =>
        world
          .posts()
          .slice(before)
          .some((post) => notice.test(post)),
      { what: 'the notice' },
    );
  });

  it('is shown with a UID of its own, also when its id is no UUID', async () => {
    for (const number of [1, 2]) {
      await world.publish(STANDARD, {
        body: `of a script ${number}`,
        wbor_message_id: `apc-179560682${number}`,
      });
    }
    await waitFor(() => postOf('of a script 2'), { what: 'the posts' });
    expect(postOf('of a script 1')).toContain(`\n${shownUid('apc-1795606821')}\n`);
    expect(postOf('of a script 2')).toContain(`\n${shownUid('apc-1795606822')}\n`);
  });
});

describe('a producer that has posted by itself', () => {
  it.each([
    ['True', { body: 'own 1', statuscode: '202' }, { text: 'own 1', code: 202 }],
    [1, { Body: 'own 2', statuscode: 'ok' }, { text: 'own 2', code: 0 }],
    ['yes', { body: 'own\u0000 3\rmore' }, { text: 'own� 3\nmore', code: 0 }],
    [
      '"1.0"',
      { text: 'own 5\rmore', picture_url: 'None', statuscode: '202 Accepted' },
      { text: 'own 5\nmore', code: 202 },
    ],
    [
      true,
      { text: 'own 4', body: 'other', images: ['https://a.example/1.png'], source: 's'.repeat(2_000) },
      { text: 'own 4', picture_url: 'https://a.example/1.png', source: `${'s'.repeat(255)}…` },
    ],
  ])(
    'with alreadysent: %j has its words in the log, and nothing in the chat: %j',
    async (header, body, event) => {
      const seen = world.events.messages.length;
      const before = world.posts().length;
      await world.publish('source.standard.endec', body, { headers: { alreadysent: header } });
      // Events of earlier messages may come late.
      const isTold = ({ json }: { json: unknown }) =>
        (json as { outcome?: string }).outcome === 'already-sent';
      const told = await waitFor(() => world.events.messages.slice(seen).find(isTold), { what: 'the event' });
      expect(told).toMatchObject({
        routingKey: 'source.groupme.msg',
        json: { ...event, outcome: 'already-sent' },
      });
      expect(world.posts()).toHaveLength(before);
    },
  );
});

describe('a message that cannot be read', () => {
  it.each([
    ['{"wbor_message_id":"sent-1","body":', 'sent-1', 'invalid-json', {}],
    [json({ wbor_message_id: 'sent-2', body: ' ' }), 'sent-2', 'empty', {}],
    [Buffer.from('{"wbor_message_id":"sent-3","body":"caf\xe9"}', 'latin1'), 'sent-3', 'invalid-utf8', {}],
    [json({ wborMessageId: 'sent 4 é', body: ' ' }), 'sent 4 é', 'empty', {}],
    [json({ wbor_message_id: 'x'.repeat(1_000), body: ' ' }), 'x'.repeat(1_000), 'empty', {}],
    [json({ wbor_message_id: ' ', body: ' ' }), 'amqp-4', 'empty', {}],
    ['nothing', 'amqp-4', 'invalid-json', {}],
    ['8f3a', 'amqp-4', 'unknown-encoding', { contentEncoding: 'aes' }],
    [gzipSync(Buffer.alloc(30_000_000)), 'amqp-4', 'too-large', { contentEncoding: 'gzip' }],
    [`{"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 'amqp-4', 'invalid-json', {}],
  ])('is answered with the id that was sent: %s, %s, %s', async (body, messageId, reason, options) => {
    const { queue, replies } = await world.listenForReplies();
    await world.publish(STANDARD, body, {
      ...options,
      messageId: 'amqp-4',
      replyTo: queue,
      correlationId: 'c',
    });
    await waitFor(() => replies.length > 0, { what: 'the reply' });
    expect(replies[0]?.body).toMatchObject({ status: 'failed', message_id: messageId });
    const { stdout } = await runParked(world.env, 'list', '--json', '--reason', reason);
    expect(stdout).not.toBe('');
  });

  it('is still what it was when it is replayed: its charset is parked with it', async () => {
    const list = async () => {
      const { stdout } = await runParked(world.env, 'list', '--json', '--reason', 'empty');
      return stdout.split('\n').filter((line) => line.includes('sent-5'));
    };
    const body = Buffer.from('{"wbor_message_id":"sent-5","body":" ","by":"Zo\xeb"}', 'latin1');
    await world.publish(STANDARD, body, { contentType: 'application/json; charset=latin1' });
    const [line] = await waitFor(async () => ((await list()).length === 1 ? list() : undefined), {
      what: 'being parked',
    });
    const { id } = JSON.parse(String(line)) as { id: string };
    expect(await runParked(world.env, 'replay', id)).toMatchObject({ code: 0 });
    await waitFor(
      async () => {
        const [again] = await list();
        return again !== undefined && again !== line;
      },
      { what: 'being parked again, for the same reason' },
    );
  });
});
