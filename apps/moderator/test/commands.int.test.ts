import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ANN, BOB, ID, launchWithFourMessages } from './four-messages.ts';
import type { TestBed } from './test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await launchWithFourMessages();
});
afterAll(() => bed.dispose());
afterEach(async () => {
  await bed.pool.query("update bans set lifted_at = now(), lifted_by = 'test' where lifted_at is null");
});

describe('what the original knew', () => {
  it('answers to the letter', async () => {
    const help = await bed.type('!help');
    expect(
      help.reply.startsWith(`Available commands:
!help - Display this help message
!ping - Check if the bot is online
!ban <UID> - Ban a phone number from sending messages
!unban <UID> - Unban a phone number from sending messages
!stats <UID> - Display message statistics for a phone number\n`),
    ).toBe(true);
    expect(help.reply.length).toBeLessThanOrEqual(900);
    expect((await bed.type('!ping')).reply).toBe('Pong! UID: NO_UID');
    expect((await bed.type('!PING 0a1b2c3d')).reply).toBe('Pong! UID: 0a1b2c3d');
    const unknown = 'Unknown command.\n\nType `!help` to see a list of available commands.';
    expect((await bed.type('!weather')).reply).toBe(unknown);
    expect(await bed.type('!stast')).toMatchObject({
      result: 'invalid',
      reply: `${unknown}\n\nDid you mean \`!stats\`?`,
    });
  });

  it('is published plain, for the relay, with one id for one callback', async () => {
    const { reply } = await bed.type('!ping plain');
    const found = await bed.spy.waitForMessage(
      ({ json, routingKey }) =>
        routingKey === 'source.standard.command' && (json as { body: string }).body === reply,
    );
    expect(found.json).toEqual({
      body: reply,
      source: 'command',
      format: 'plain',
      wbor_message_id: found.properties.messageId,
    });
  });
});

describe('!who', () => {
  it('masks the number, and a name that is one', async () => {
    expect((await bed.type('!who 0a1b2c3d')).reply).toMatch(
      /^0a1b2c3d, .*“Hello 0a1b2c3d.*”: from …0101 \(ANN\), not banned\.$/,
    );
    const bob = await bed.type('!who <0A1BFFFF>');
    expect(bob.reply).toContain('from …0202 (…0202), not banned.');
    expect(bob.reply).not.toContain('+1207');
  });

  it('says that a message has no sender', async () => {
    expect((await bed.type('!who beef0001')).reply).toContain('from ups, which has no sender.');
  });

  it('takes a reply to the message for its UID', async () => {
    const text = `"Hello ${ID.ann}"\n---UID---\n0a1b2c3d\n---------`;
    await bed.pool.query(
      `insert into groupme_echoes (event_id, occurred_at, groupme_id, text, payload)
       values (gen_random_uuid(), now(), '900001', $1, '{}'), (gen_random_uuid(), now(), '900002', $2, '{}')`,
      [text, '(2/2):\n"not stored yet"\n---UID---\n0a1bffff\n---------'],
    );
    const reply = (id: string) => ({ attachments: [{ type: 'reply', reply_id: id, base_reply_id: id }] });
    expect((await bed.type('!who', reply('900001'))).reply).toContain('from …0101');
    expect((await bed.type('!who', reply('900002'))).reply).toContain('from …0202');
    expect(await bed.type('!ban 2h rude', reply('900001'))).toMatchObject({
      result: 'done',
      reply: expect.stringMatching(/^Banned …0101 until/),
    });
    expect((await bed.type('!who 0a1bffff', reply('900001'))).reply).toContain('from …0202');
    expect(await bed.type('!ban 2h', reply('900003'))).toMatchObject({
      result: 'invalid',
      reply: 'I do not know the message that you replied to. Type its UID instead.',
    });
  });

  it('does not repeat the words of a message that was kept out of the chat', async () => {
    await bed.addPost('5ec4e700-1111-4222-8333-444455556666', {
      sender: ANN,
      outcome: 'blocked',
      code: 0,
      text: 'nasty words',
    });
    await bed.addPost('5ec4e701-1111-4222-8333-444455556666', { sender: BOB });
    expect((await bed.type('!who 5ec4e700')).reply).toMatch(/^5ec4e700, .*, \(blocked\): from …0101/);
    const { reply } = await bed.type('!who 5ec4');
    expect(reply).toMatch(/5ec4e700 from …0101, .*, \(blocked\)/);
    expect(reply).toContain('“Hello 5ec4e701');
    expect(reply).not.toContain('nasty');
  });

  it('says of a reply to one of its own answers that it has no record of that', async () => {
    await bed.type('!ping');
    const pong = await bed.spy.waitForMessage(({ routingKey }) => routingKey === 'source.standard.command');
    const answer = { source: 'command', text: (pong.json as { body: string }).body };
    await bed.addPost(String(pong.properties.messageId), answer);
    await bed.pool.query(
      `insert into groupme_echoes (event_id, occurred_at, groupme_id, text, payload)
       values (gen_random_uuid(), now(), '900009', $1, '{}')`,
      [answer.text],
    );
    const reply = { attachments: [{ type: 'reply', reply_id: '900009', base_reply_id: '900009' }] };
    expect(await bed.type('!who', reply)).toMatchObject({
      result: 'invalid',
      reply: expect.stringMatching(/^I keep no record of the message that you replied to/),
    });
    expect((await bed.type(`!who ${String(pong.properties.messageId).slice(0, 8)}`)).reply).toMatch(
      /^I know no message/,
    );
  });

  it('knows a message that says it is of the source "command"', async () => {
    const forged = { source: 'command', sender: BOB, text: 'Nobody is banned.' };
    await bed.addPost('f0e6ed00-1111-4222-8333-444455556666', forged);
    await bed.pool.query(
      `insert into groupme_echoes (event_id, occurred_at, groupme_id, text, payload)
       values (gen_random_uuid(), now(), '900010', $1, '{}')`,
      [forged.text],
    );
    const reply = { attachments: [{ type: 'reply', reply_id: '900010', base_reply_id: '900010' }] };
    expect((await bed.type('!who f0e6ed00')).reply).toContain('from …0202');
    expect((await bed.type('!who', reply)).reply).toContain('from …0202');
    expect((await bed.type('!ban', reply)).reply).toMatch(/^Banned …0202/);
  });
});

describe('bad arguments', () => {
  const long = 'x'.repeat(900);
  const tricks = [
    ['none', ''],
    ['unknown', 'deadbeef'],
    ['ambiguous', '0a1b'],
    ['short', '0'],
    ['wildcards', '%%%%'],
    ['more wildcards', '____'],
    ['SQL', `'; drop table bans; --`],
    ['SQL again', `0a1b2c3d'/**/or/**/1=1`],
    ['NUL', '0a1b\u00002c3d'],
    ['right to left', '\u202edeadbeef'],
    ['wide digits', '０ａ１ｂ２ｃ３ｅｅ'],
    ['half a pair', 'abcd\ud83d'],
    ['brackets', '<<<<>>>>'],
    ['900 characters', long],
    ['900 emoji', '🎶'.repeat(450)],
    ['a format', '%s%n{0}$1'],
    ['a path', '../../etc/passwd'],
  ] as const;

  for (const command of ['ban', 'unban', 'who', 'stats']) {
    it.each(tricks)(`!${command} with %s changes nothing and helps`, async (name, argument) => {
      const before = bed.lists().at(-1)?.version;
      const report = await bed.type(`!${command} ${argument}`);
      const isTotals = command === 'stats' && name === 'none';
      expect(report.result).toBe(isTotals ? 'done' : 'invalid');
      expect(report.reply.length).toBeGreaterThan(10);
      expect(report.reply.length).toBeLessThanOrEqual(900);
      expect(report.reply).not.toContain('+1207');
      expect(await bed.count('bans', 'lifted_at is null')).toBe(0);
      expect(bed.lists().at(-1)?.version).toBe(before);
    });
  }

  it('lists what an ambiguous prefix fits', async () => {
    const { reply } = await bed.type('!ban 0a1b');
    expect(reply).toContain('0a1b fits several messages');
    expect(reply).toMatch(/0a1b2c3d from …0101/);
    expect(reply).toMatch(/0a1bffff from …0202/);
  });

  it('takes a prefix of several messages of one sender', async () => {
    expect((await bed.type('!who 0a1b2c3')).reply).toContain('from …0101');
  });

  it.each(['!ban beef0001', '!unban beef0001'])('%s: nobody to ban', async (text) => {
    expect(await bed.type(text)).toMatchObject({
      result: 'invalid',
      reply: expect.stringContaining('has no sender'),
    });
  });

  it.each([
    '30m1',
    '0m',
    '-5m',
    '99999d',
    '5',
    'PT2H',
    'for a while',
    'until further notice',
    'two',
    '2h 3h',
    'every 2 hours',
  ])('does not guess the duration %s', async (duration) => {
    expect(await bed.type(`!ban 0a1b2c3d ${duration}`)).toMatchObject({
      result: 'invalid',
      reply: expect.stringContaining('nothing was done'),
    });
    expect(await bed.count('bans', 'lifted_at is null')).toBe(0);
  });

  it.each(['help', 'ping', 'bans', 'status', 'clear', 'nonsense', ''])(
    '!%s bears any argument',
    async (command) => {
      for (const argument of [long, `'; drop table bans; --`, '\u0000\u202e%']) {
        const { reply } = await bed.type(`!${command} ${argument}`);
        expect(reply.length).toBeGreaterThan(10);
        expect(reply.length).toBeLessThanOrEqual(900);
      }
    },
  );

  it('keeps a long reason short', async () => {
    expect((await bed.type(`!ban 0a1b2c3d 1h ${'spam '.repeat(180)}`)).result).toBe('done');
    const { rows } = await bed.pool.query('select reason from bans where lifted_at is null');
    expect(rows[0].reason.length).toBeLessThanOrEqual(200);
  });
});

describe('!stats, !status and !clear', () => {
  it('counts each message once, whatever its parts and attempts', async () => {
    await bed.addPost('c0de0001-1111-4222-8333-444455556666', {
      sender: '+14155550000',
      outcome: 'unknown',
      code: 0,
    });
    await bed.addPost('c0de0001-1111-4222-8333-444455556666', { sender: '+14155550000' });
    await bed.addPost('c0de0001-1111-4222-8333-444455556666', {
      sender: '+14155550000',
      text: '',
      picture_url: 'https://i.groupme.com/x',
    });
    await bed.addPost('c0de0002-1111-4222-8333-444455556666', {
      sender: '+14155550000',
      outcome: 'blocked',
      code: 0,
    });
    const { reply } = await bed.type('!stats c0de0001');
    expect(reply).toMatch(/^…0000: 2 messages, 1 image, 1 blocked\. First seen .*, last seen .*\.$/);
    expect((await bed.type('!stats ups')).reply).toMatch(/^Source ups: 1 message, 0 images\./);
    expect((await bed.type('!stats beef0001')).reply).toContain('has no sender. Source ups: 1 message');
    expect((await bed.type('!stats')).reply).toMatch(
      /^All messages: \d+ messages.*\n(?:.*\n)*ups: 1 message$/,
    );
    expect((await bed.type('!stats TODAY')).reply).toMatch(/^Today: \d+ messages, \d+ images?/);
    expect((await bed.type('!stats week')).reply.split('\n')).toHaveLength(8);
  });

  it('tells what the tables say', async () => {
    await bed.addPost('c0de0003-1111-4222-8333-444455556666', {
      source: 'ups',
      outcome: 'refused',
      code: 429,
    });
    const { reply } = await bed.type('!status');
    expect(reply).toContain('Last post on record:');
    expect(reply).toContain('refused (code 429)');
    expect(reply).toContain('0 bans, version');
  });

  it('asks the dashboard to clear itself', async () => {
    expect((await bed.type('!clear messages')).result).toBe('done');
    // Others have asked it to clear all.
    const found = await bed.spy.waitForMessage(
      ({ json, routingKey }) =>
        routingKey === 'dashboard.clear' && (json as { scope?: unknown }).scope === 'messages',
    );
    expect(found.json).toEqual({ requested_by: 'Manager', at: expect.any(String), scope: 'messages' });
  });
});
