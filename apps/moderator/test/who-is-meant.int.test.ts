import { randomUUID } from 'node:crypto';
import { shownUid } from '@wbor/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestBed, type TestBed } from './test-bed.ts';

const VICTIM = '+12075550001';
const SPAMMER = '+12075557777';
const OTHER = '+12075550002';

let bed: TestBed;
let groupMeId = 900_000;

beforeEach(async () => {
  bed = await createTestBed();
  await bed.launch();
});
afterEach(() => bed.dispose());

/** The bot's echo of a post, and what a reply to it looks like. */
async function echo(text: string, bot: string | null = null) {
  groupMeId += 1;
  await bed.pool.query(
    `insert into groupme_echoes (event_id, occurred_at, groupme_id, text, bot, payload)
     values (gen_random_uuid(), now(), $1, $2, $3, '{}')`,
    [String(groupMeId), text, bot],
  );
  return { attachments: [{ type: 'reply', reply_id: String(groupMeId), base_reply_id: String(groupMeId) }] };
}

const banned = async () =>
  (await bed.pool.query('select sender from bans where lifted_at is null')).rows.map(({ sender }) => sender);

describe('a reply', () => {
  const victim = randomUUID();
  const forged = `(1/2):\n"You have won a prize\n---UID---\n${shownUid(victim)}\n---------\nclaim it"`;

  it('to words that hold the UID of a bystander is about who sent them', async () => {
    await bed.addPost(victim, { sender: VICTIM });
    await bed.addPost(randomUUID(), { sender: SPAMMER, text: forged });
    await bed.addPost(randomUUID(), { sender: SPAMMER, text: forged });
    const reply = await echo(forged);
    expect((await bed.type('!who', reply)).reply).toContain('from …7777');
    expect((await bed.type('!ban spam', reply)).reply).toMatch(/^Banned …7777 for good/);
    expect(await banned()).toEqual([SPAMMER]);
  });

  it.each([
    ['in its middle', (uid: string) => `(1/2):\n"You won\n---UID---\n${uid}\n---------\nclaim it"`],
    ['at its end', (uid: string) => `(1/2):\n"You won\n---UID---\n${uid}\n---------`],
    ['in the place of our own footer', (uid: string) => `"You won"\n---UID---\n${uid}\n---------`],
  ])('to a post that is not on record bans nobody, with a UID %s', async (_where, textOf) => {
    await bed.addPost(victim, { sender: VICTIM });
    const reply = await echo(textOf(shownUid(victim)));
    for (const text of ['!ban spam', '!ban 2h', '!who', '!unban', '!stats']) {
      expect(await bed.type(text, reply)).toMatchObject({ result: 'invalid' });
    }
    expect(await banned()).toEqual([]);
  });

  it('to words that another bot repeats is not about our post', async () => {
    await bed.addPost(victim, { sender: VICTIM, text: 'same words', bot: 'aabbccdd' });
    expect(await bed.type('!ban', await echo('same words', '11223344'))).toMatchObject({ result: 'invalid' });
    expect((await bed.type('!ban', await echo('same words', 'aabbccdd'))).result).toBe('done');
  });

  it('to the same words of one sender finds it, of two lists them with UIDs', async () => {
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    const text = `(1/2):\n"${'long '.repeat(180)}"`;
    await bed.addPost(first, { sender: VICTIM, text });
    await bed.addPost(second, { sender: 'whatsapp:+1 207 555 0001', text });
    const reply = await echo(text);
    expect((await bed.type('!who', reply)).reply).toContain('from …0001');
    await bed.addPost(third, { sender: OTHER, text });
    const both = await bed.type('!ban 2h', reply);
    expect(both).toMatchObject({
      result: 'invalid',
      reply: expect.stringContaining('fits several messages'),
    });
    for (const id of [first, second, third]) expect(both.reply).toContain(shownUid(id));
    expect(await banned()).toEqual([]);
    // A UID beside the reply counts.
    expect((await bed.type(`!ban ${shownUid(third)} 2h`, reply)).reply).toMatch(/^Banned …0002 until/);
  });
});

describe('a word beside a reply', () => {
  const replied = randomUUID();
  const other = `0a1b2c3d${randomUUID().slice(8)}`;

  beforeEach(async () => {
    await bed.addPost(replied, { sender: SPAMMER, text: 'buy this' });
    await bed.addPost(other, { sender: VICTIM });
    await bed.addPost('friendly', { sender: OTHER });
    await bed.addPost('beef0001-17', { sender: OTHER });
  });

  it.each([
    ['the UID of another', '0a1b2c3d 2h', '…0001'],
    ['the whole id of another', 'friendly', '…0002'],
    ['the whole id of another, in capitals and quotes', '“Friendly” 2h', '…0002'],
    ['eight digits with which the id of another begins', 'beef0001 2h', '…0002'],
  ])('that is %s bans nobody and is asked about', async (_what, words, shown) => {
    const report = await bed.type(`!ban ${words}`, await echo('buy this'));
    expect(report).toMatchObject({
      result: 'invalid',
      reply: expect.stringContaining('You replied to a message from …7777'),
    });
    expect(report.reply).toContain(shown);
    expect(await banned()).toEqual([]);
    // Asking harms nobody.
    expect((await bed.type('!who 0a1b2c3d', await echo('buy this'))).reply).toContain('from …0001');
  });

  it('that is a UID of the same sender, or only the beginning of an id, is none', async () => {
    const mine = `0b1b2c3d${randomUUID().slice(8)}`;
    await bed.addPost(mine, { sender: 'tel:+12075557777' });
    await bed.addPost('spam', { sender: SPAMMER, source: 'ups' });
    await bed.addPost('rude-17', { sender: OTHER });
    const reply = await echo('buy this');
    for (const words of ['0b1b2c3d 2h', 'rude 2h']) {
      expect((await bed.type(`!ban ${words}`, reply)).reply).toMatch(/^Banned …7777 until/);
    }
    expect((await bed.type('!ban spam', reply)).reply).toMatch(/^Banned …7777 for good/);
  });

  it('that is a length is one, also where a message of the same sender has it as its id', async () => {
    await bed.addPost('24h', { sender: SPAMMER });
    expect((await bed.type('!ban 24h', await echo('buy this'))).reply).toMatch(/^Banned …7777 until/);
  });
});

describe('one id of two senders', () => {
  const id = `0a1b2c3d${randomUUID().slice(8)}`;

  beforeEach(async () => {
    await bed.addPost(id, { sender: VICTIM, text: 'hello' });
    await bed.addPost(id, { sender: SPAMMER, text: 'buy this' });
    await bed.addPost(id, { sender: null, text: 'all clear' });
  });

  it('is asked about, and a reply says whom', async () => {
    const both = await bed.type('!ban 0a1b2c3d');
    expect(both).toMatchObject({
      result: 'invalid',
      reply: expect.stringContaining('fits several messages'),
    });
    for (const shown of ['from …0001', 'from …7777']) expect(both.reply).toContain(shown);
    expect((await bed.type('!who 0a1b2c3d')).reply).toContain('fits several messages');
    expect((await bed.type('!ban', await echo('all clear'))).reply).toContain('has no sender');
    expect((await bed.type('!ban 0a1b2c3d', await echo('buy this'))).reply).toMatch(/^Banned …7777/);
    expect((await bed.type('!unban', await echo('buy this'))).result).toBe('done');
    expect((await bed.type('!ban', await echo('buy this'))).reply).toMatch(/^Banned …7777/);
    expect(await banned()).toEqual([SPAMMER]);
  });
});

describe('the whole UID of one message', () => {
  it.each([
    ['ids of a script', ['run1003001', 'run10030010', 'run10030011']],
    ['ids with a number behind a hyphen', ['0a1b2c3d', '0a1b2c3d-2', '0a1b2c3d10']],
    [
      'ids of more digits than are listed',
      ['evt1', ...Array.from({ length: 8 }, (_, digit) => `evt1${digit}`)],
    ],
  ])('is not that of another of its sender or source: %s', async (_what, ids) => {
    for (const [index, id] of ids.entries()) {
      const at = new Date(Date.now() + index * 1_000);
      await bed.addPost(id, { source: 'cron', occurred_at: at, text: `"cron ${id}"` });
      await bed.addPost(`x${id}`, { sender: VICTIM, occurred_at: at, text: `"sms x${id}"` });
    }
    const [id] = ids;
    expect((await bed.type(`!who ${id}`)).reply).toContain(`“cron ${id}”`);
    expect((await bed.type(`!who x${id}`)).reply).toContain(`“sms x${id}”`);
    expect((await bed.type(`!ban x${id} 2h`)).reply).toMatch(/^Banned …0001 until/);
    expect((await bed.pool.query('select about from bans')).rows).toEqual([{ about: `x${id}` }]);
  });

  it('that begins one of another sender is asked about, with advice that can be followed', async () => {
    await bed.addPost('run1003001', { source: 'cron', text: 'the first' });
    await bed.addPost('run10030010', { source: 'other' });
    const { reply } = await bed.type('!who run1003001');
    expect(reply).toContain(
      'fits several messages. Reply to the one you mean, or type its UID if that is longer',
    );
    expect((await bed.type('!who', await echo('the first'))).reply).toContain('from cron');
    expect((await bed.type('!who run10030010')).reply).toContain('from other');
  });

  it('that two sources have is asked about, and a reply says which', async () => {
    await bed.addPost('run1003001', { source: 'cron', text: 'the first' });
    await bed.addPost('run1003001', { source: 'other', text: 'the second' });
    const { reply } = await bed.type('!who run1003001');
    expect(reply).toContain('cron (no sender)');
    expect(reply).toContain('other (no sender)');
    expect((await bed.type('!who', await echo('the second'))).reply).toContain('from other');
  });
});

describe('a UID', () => {
  it.each(['0a1b2c3d', '0A1B2C3D', '“0a1b2c3d”'])(
    'that is the whole id of a message of nobody and begins another: %s bans nobody',
    async (typed) => {
      await bed.addPost('0a1b2c3d', { source: 'ups' });
      await bed.addPost('0a1b2c3d-77', { sender: VICTIM });
      const both = await bed.type(`!ban ${typed}`);
      expect(both).toMatchObject({
        result: 'invalid',
        reply: expect.stringContaining('fits several messages'),
      });
      expect(both.reply).toContain('from …0001');
      expect(both.reply).toContain('ups (no sender)');
      expect(await banned()).toEqual([]);
      expect((await bed.type('!ban 0a1b2c3d-7')).reply).toMatch(/^Banned …0001/);
    },
  );

  it.each([
    ['uid', 'UID 0a1b2c3d'],
    ['message', 'message 0a1b2c3d'],
    ['0a1b2c3d.', '0a1b2c3d.'],
    ['0a1b2c3d,spam', '0a1b2c3d,spam'],
  ])('with marks around it does not mean a message with the id %j alone', async (id, typed) => {
    const uuid = `0a1b2c3d${randomUUID().slice(8)}`;
    await bed.addPost(uuid, { sender: VICTIM });
    // The beginning of an id is no match for the whole of another.
    await bed.addPost(`${id}-17`, { sender: OTHER });
    expect((await bed.type(`!who ${typed}`)).reply).toContain('from …0001');
    await bed.addPost(id, { sender: OTHER });
    for (const command of ['!ban', '!who']) {
      const both = await bed.type(`${command} ${typed}`);
      expect(both).toMatchObject({
        result: 'invalid',
        reply: expect.stringContaining('fits several messages'),
      });
    }
    expect(await banned()).toEqual([]);
    expect((await bed.type(`!ban ${shownUid(id)}`)).reply).toMatch(/^Banned …0002/);
    expect((await bed.type(`!ban ${uuid.slice(0, 13)}`)).reply).toMatch(/^Banned …0001/);
  });

  it.each(['apc-1795606826', 'evt1', 'a', 'Ünïcödé', '0a1b2c3d-1', 'x'.repeat(128), 'door 3', 'V01-0001'])(
    'finds what the chat shows of the id %s',
    async (id) => {
      await bed.addPost(id, { source: 'apc' });
      await bed.addPost(`${id}9`.slice(-128), { source: 'other' });
      const { reply } = await bed.type(`!who ${shownUid(id)}`);
      expect(reply.startsWith(shownUid(id))).toBe(true);
      expect(reply).toMatch(id === 'evt1' ? /fits several|from apc/ : /from apc/);
    },
  );

  it('that is the whole id of one message does not hide another one that is shown by it', async () => {
    const uuid = `0a1b2c3d${randomUUID().slice(8)}`;
    await bed.addPost(uuid, { sender: VICTIM });
    await bed.addPost('0a1b2c3d', { source: 'forger' });
    const both = await bed.type('!who 0a1b2c3d');
    expect(both).toMatchObject({
      result: 'invalid',
      reply: expect.stringContaining('fits several messages'),
    });
    expect(both.reply).toContain('from …0001');
    expect(both.reply).toContain('forger (no sender)');
    expect((await bed.type(`!who ${uuid.slice(0, 13)}`)).reply).toContain('from …0001');
    // Nobody but a sender can be banned.
    expect((await bed.type('!ban 0a1b2c3d')).reply).toMatch(/^Banned …0001 for good/);
  });

  it('of two senders bans nobody, however many messages without a sender come first', async () => {
    for (let index = 0; index < 8; index += 1) await bed.addPost(`0a1b2c3d-0${index}`, { source: 'forger' });
    const [first, second] = [`0a1b2c3d${randomUUID().slice(8)}`, `0a1b2c3d${randomUUID().slice(8)}`];
    await bed.addPost(first, { sender: VICTIM });
    expect((await bed.type('!ban 0a1b2c3d 1h')).reply).toMatch(/^Banned …0001 until/);
    await bed.addPost(second, { sender: OTHER });
    const report = await bed.type('!ban 0a1b2c3d 1h');
    expect(report).toMatchObject({ result: 'invalid', reply: expect.stringContaining('from …0002') });
    expect(report.reply).toContain('from …0001');
    expect(await banned()).toEqual([VICTIM]);
  });
});

describe('a number', () => {
  it('is banned, shown and let through in whatever spelling, also in rows of an older version', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await bed.addPost(first, { sender: 'whatsapp:+1 (207) 555-0001' });
    await bed.addPost(second, { sender: '2075550001' });
    await bed.pool.query(
      `insert into bans (id, sender, banned_at, banned_by)
       values (gen_random_uuid(), '+1 207 555 0001', now(), '1'), (gen_random_uuid(), '2075550001', now(), '1')`,
    );
    expect((await bed.type(`!who ${shownUid(first)}`)).reply).toContain('banned for good');
    expect((await bed.type(`!ban ${shownUid(first)} 1h`)).reply).toContain('This replaces the ban');
    expect(await banned()).toEqual([VICTIM]);
    expect((await bed.type(`!who ${shownUid(second)}`)).reply).toContain('banned until');
    expect((await bed.type(`!unban ${shownUid(second)}`)).result).toBe('done');
    expect(await banned()).toEqual([]);
    expect((await bed.type(`!unban ${shownUid(second)}`)).reply).toBe('…0001 is not banned.');
  });
});
