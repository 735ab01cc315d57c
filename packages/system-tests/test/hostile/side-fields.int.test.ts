import { gzipSync } from 'node:zlib';
import { waitFor, wireTable, wireText, wireValue } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostileBed, startHostileBed } from './bed.ts';

let bed: HostileBed;
beforeAll(async () => {
  bed = await startHostileBed();
});
afterAll(() => bed?.stop());

const SMS = 'source.twilio.sms.incoming';
const UPS = 'source.standard.ups';
const text = (value: string) => wireTable({ 'x-deliver-by': wireText(value) });
const alreadySent = (value: Buffer) => ({ headers: wireTable({ alreadysent: value }) });

/** What is sent, and what the chat must show of it. */
const READABLE: readonly (readonly [string, string, Buffer | string | object, string])[] = [
  ['images ""', UPS, { body: 'h01 warning', images: '' }, 'h01 warning'],
  ['images [""]', UPS, { body: 'h02 warning', images: [''] }, 'h02 warning'],
  ['images false', UPS, { body: 'h03 warning', images: false }, 'h03 warning'],
  [
    'images of objects',
    UPS,
    { body: 'h04 warning', images: [{ url: 'http://127.0.0.1:9/a.png' }] },
    'h04 warning',
  ],
  [
    'one picture without a list',
    UPS,
    { body: 'h05 warning', images: 'http://127.0.0.1:9/a.png' },
    'h05 warning',
  ],
  ['a number as id', UPS, { body: 'h06 warning', wbor_message_id: 1_234_567 }, 'h06 warning'],
  ['a list as id', UPS, { body: 'h07 warning', wbor_message_id: ['a'] }, 'h07 warning'],
  ['a number as source', UPS, { body: 'h08 warning', source: 7 }, 'h08 warning'],
  ['a list as source', UPS, { body: 'h09 warning', source: ['endec'] }, 'h09 warning'],
  ['Body', 'source.standard', { Body: 'h10 warning', source: 'standard' }, 'h10 warning'],
  ['a blank body and a text', UPS, { body: ' \n', text: 'h11 warning' }, 'h11 warning'],
  ['a number as sender name', SMS, { From: '+12075550111', Body: 'h12 sms', SenderName: 411 }, 'h12 sms'],
  ['a number as type', SMS, { From: '+12075550111', Body: 'h13 sms', type: 3 }, 'h13 sms'],
  ['false as source', SMS, { From: '+12075550111', Body: 'h14 sms', source: false }, 'h14 sms'],
  ['a number as sender', SMS, { From: 12_075_550_111, Body: 'h15 sms' }, 'h15 sms'],
  ["Python's NaN", UPS, '{"body":"h16 on battery","load":NaN,"more":[-Infinity]}', 'h16 on battery'],
  ['a NUL behind', UPS, '{"body":"h17 on battery"}\0', 'h17 on battery'],
  ['a byte-order mark', UPS, '\ufeff{"body":"h18 on battery"}', 'h18 on battery'],
  ['lines ended by CR', UPS, { body: 'h19 FIRST\rSECOND\rTHIRD' }, 'h19 FIRST\nSECOND\nTHIRD'],
  [
    'lines of an SMS ended by CR',
    SMS,
    { From: '+12075550111', Body: 'h20 at 7\r30 people' },
    'h20 at 7\n30 people',
  ],
];

describe('7: what is odd beside a text that can be read keeps no message from the chat', () => {
  it.each(READABLE)('%s on %s', async (_what, key, content, shown) => {
    await bed.publish(key, content);
    await bed.waitForPost(`"${shown}`);
  });

  it.each([
    ['gzip', gzipSync('{"body":"h30 packed"}'), { contentEncoding: 'gzip' }, 'h30 packed'],
    [
      'Latin-1',
      Buffer.from('{"body":"h31 Caf\u00e9"}', 'latin1'),
      { contentType: 'application/json; charset=iso-8859-1' },
      'h31 Caf\u00e9',
    ],
  ] as const)('%s that is declared is honoured', async (_what, content, properties, shown) => {
    await bed.publish(UPS, content, properties);
    await bed.waitForPost(shown);
  });

  it.each([
    ['seconds', String(Math.floor(Date.now() / 1_000) + 600)],
    ['milliseconds', String(Date.now() + 600_000)],
    ['a time to live', '60000'],
    ['words', 'soon'],
    ['NaN', 'NaN'],
  ])('x-deliver-by in %s keeps nothing from the chat', async (what, value) => {
    await bed.publish(UPS, { body: `h40 ${what}` }, { headers: text(value) });
    await bed.waitForPost(`h40 ${what}`);
  });

  it.each([
    ['true', wireValue('t', Buffer.from([1]))],
    ['a list', wireValue('A', Buffer.from([0, 0, 0, 2, 0x62, 1]))],
    ['nothing', wireValue('V', Buffer.alloc(0))],
  ])('x-deliver-by of %s keeps nothing from the chat', async (what, value) => {
    await bed.publish(UPS, { body: `h41 ${what}` }, { headers: wireTable({ 'x-deliver-by': value }) });
    await bed.waitForPost(`h41 ${what}`);
  });

  it.each([
    ['True', wireText('True')],
    ['TRUE', wireText('TRUE')],
    ['yes', wireText('yes')],
    ['1', wireText('1')],
    ['the number 1', wireValue('I', Buffer.from([0, 0, 0, 1]))],
  ])('alreadysent: %s is logged with its words and not posted', async (what, value) => {
    const words = `h50 ${what}`;
    await bed.publish(
      UPS,
      { body: words, statuscode: '202', wbor_message_id: `h50-${what}` },
      alreadySent(value),
    );
    await waitFor(
      async () =>
        (await bed.system.count(
          'groupme_posts',
          `text LIKE '%${words}%' AND outcome = 'already-sent' AND code = 202`,
        )) === 1,
      {
        what: 'its row',
      },
    );
    expect(bed.postsWith(words)).toEqual([]);
  });

  it('bytes that are not UTF-8 are parked as they are by AMQP, and 400 by HTTP', async () => {
    const bytes = Buffer.from('{"body":"h60 Caf\u00e9","source":"ups"}', 'latin1');
    await bed.publish(UPS, bytes);
    await waitFor(async () => (await bed.listParked('relay')).length === 1, { what: 'it in relay.parked' });
    const [parked] = await bed.listParked('relay');
    const shown = JSON.parse((await bed.parked('relay', 'show', '--json', parked?.id ?? '')).stdout) as {
      body_base64: string;
    };
    expect(Buffer.from(shown.body_base64, 'base64')).toEqual(bytes);
    expect((await bed.post('/send', bytes)).status).toBe(400);
    expect(bed.postsWith('h60')).toEqual([]);
    expect((await bed.parked('relay', 'discard', '--all')).code).toBe(0);
  });

  it('leaves the system unharmed', () => bed.expectUnharmed('7'));
});

describe('6: fields without end', () => {
  const huge = 'n'.repeat(200_000);
  it.each(['source', 'wbor_message_id', 'sender_name', 'format'])(
    '%s of 200 KB is no reason, and in no log line',
    async (name) => {
      await bed.publish(UPS, { body: `h70 ${name}`, source: 'ups', [name]: huge });
      await bed.waitForPost(`h70 ${name}`);
    },
  );

  it.each(['From', 'SenderName', 'source', 'MediaUrl0'])('%s of an SMS likewise', async (name) => {
    await bed.publish(SMS, { From: '+12075550111', Body: `h71 ${name}`, [name]: huge });
    await bed.waitForPost(`h71 ${name}`);
  });

  it('leaves the system unharmed, with short log lines', async () => {
    await bed.expectUnharmed('6');
    for (const app of ['relay', 'gateway', 'audit-logger', 'moderator'] as const) {
      const longest = Math.max(
        ...bed.system
          .service(app)
          .output()
          .split('\n')
          .map((line) => line.length),
      );
      expect(longest, app).toBeLessThan(10_000);
    }
  });
});

describe('8: answers', () => {
  it('takes text on /send as well', async () => {
    expect((await bed.post('/send', { text: 'h80 in text', source: 'ups' })).status).toBe(202);
    await bed.waitForPost('"h80 in text"');
  });

  it('shows different UIDs for the messages of one script, and finds each by what is shown', async () => {
    const uids: string[] = [];
    for (const number of [1_795_606_826, 1_795_606_827]) {
      const id = `apc-${number}`;
      expect(
        (await bed.post('/send', { body: `h81 ${number}`, source: 'ups', wbor_message_id: id })).status,
      ).toBe(202);
      const [, uid = ''] = /---UID---\n(\S+)/.exec(await bed.waitForPost(`h81 ${number}`)) ?? [];
      await waitFor(
        async () => (await bed.system.count('groupme_messages', `wbor_message_id = '${id}'`)) === 1,
        { what: 'it in the audit' },
      );
      uids.push(uid);
    }
    expect(new Set(uids).size).toBe(2);
    for (const [index, uid] of uids.entries())
      expect(await bed.ask(`!who ${uid}`, /h81/)).toContain(`h81 ${1_795_606_826 + index}`);
  });

  it.each(['{"message":"\\ud800"}', '"\\ud800"'])(
    'an id that is no Unicode text (%s) is answered, not 500',
    async (id) => {
      const answer = await bed.post('/send', `{"body":"h82","source":"ups","wbor_message_id":${id}}`);
      expect(answer.status).toBeLessThan(500);
    },
  );
});
