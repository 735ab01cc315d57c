import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ANN, ID, launchWithFourMessages } from './four-messages.ts';
import { eventually, type TestBed } from './test-bed.ts';

let bed: TestBed;
beforeAll(async () => {
  bed = await launchWithFourMessages();
});
afterAll(() => bed.dispose());
afterEach(async () => {
  await bed.pool.query("update bans set lifted_at = now(), lifted_by = 'test' where lifted_at is null");
});

describe('!ban and !unban', () => {
  it('changes the list, its version and the books', async () => {
    const before = bed.lists().at(-1)?.version ?? 0;
    const banned = await bed.type('!ban 0a1b2c3d 2h  rude\nwords');
    expect(banned.reply).toMatch(/^Banned …0101 until .*Undo: !unban 0a1b2c3d$/);
    const list = await bed.spy.waitForMessage(
      ({ json, routingKey }) =>
        routingKey === 'moderation.bans' && (json as { version: number }).version > before,
    );
    const { version } = list.json as { version: number };
    // The time of the change, by which a relay tells a forged version.
    expect(Math.abs(Date.now() - version)).toBeLessThan(60_000);
    expect(list.json).toEqual({ version, bans: [{ sender: ANN, until: expect.any(String) }] });
    const event = await bed.spy.waitForMessage(
      ({ routingKey, json }) =>
        routingKey === 'source.groupme.ban' &&
        (json as { callback_id: string }).callback_id === banned.callback_id,
    );
    expect(event.json).toMatchObject({
      action: 'ban',
      sender: ANN,
      reason: 'rude words',
      about: ID.ann,
      caller_id: '77',
      caller_name: 'Manager',
      callback_id: banned.callback_id,
      version,
    });
    const { rows } = await bed.pool.query('select * from bans where lifted_at is null');
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ sender: ANN, reason: 'rude words', about: ID.ann, banned_by: '77' });

    expect((await bed.type('!who 0a1b2c3e')).reply).toContain('banned until');
    const shown = (await bed.type('!bans')).reply;
    expect(shown).toMatch(/^1 ban:\n…0101 \(UID 0a1b2c3d\) until .*, by Manager on .*: rude words$/);

    const again = await bed.type('!ban 0a1b2c3e forever');
    expect(again.reply).toContain('for good. This replaces the ban that was in force.');
    expect(await bed.count('bans', 'lifted_at is null')).toBe(1);

    expect((await bed.type('!unban 0101')).reply).toBe(
      'Unbanned …0101: messages of this number appear again.',
    );
    await eventually(() => expect(bed.lists().at(-1)).toMatchObject({ bans: [] }));
    expect(bed.lists().at(-1)?.version).toBeGreaterThan(version);
    expect(await bed.type('!unban 0a1b2c3d')).toMatchObject({
      result: 'invalid',
      reply: '…0101 is not banned.',
    });
    expect((await bed.type('!bans')).reply).toBe('Nobody is banned.');
  });

  it.each([
    '+12075550101',
    '+1 207 555 0101',
    '(207) 555-0101',
    '207 555 0101',
    '207.555.0101 please',
    '1-207-555-0101',
    '00 1 207 555 0101',
    '0012075550101',
    'tel:+1-207-555-0101',
    'whatsapp:+12075550101',
    'rcs: 2075550101',
    '“+1 (207) 555-0101”',
    '\uff0b\uff11 207 555 0101',
    '555 0101',
    '555-0101',
    '\u20260101',
    '0101.',
  ])('lifts the ban of a number that is written %s', async (written) => {
    await bed.type('!ban 0a1b2c3d');
    expect(await bed.type(`!unban ${written}`)).toMatchObject({
      result: 'done',
      reply: 'Unbanned …0101: messages of this number appear again.',
    });
  });

  it.each(['+1 207 555 0102', '12 0101', '101', 'tel:0101', '+44 207 555 0101'])(
    'lifts no ban for %s, which is another number',
    async (written) => {
      await bed.type('!ban 0a1b2c3d');
      expect((await bed.type(`!unban ${written}`)).result).toBe('invalid');
      expect(await bed.count('bans', 'lifted_at is null')).toBe(1);
    },
  );

  it('says of a number that is not banned that it is not', async () => {
    expect((await bed.type('!unban +1 (207) 555-0109')).reply).toBe('…0109 is not banned.');
  });

  it('asks about a text of which the end is not known', async () => {
    for (const text of [`!ban 0a1b2c3d ${'spam '.repeat(220)}`, `!ban 0a1b2c3d 1h${' '.repeat(1_000)}2d`]) {
      expect(await bed.type(text)).toMatchObject({
        result: 'invalid',
        reply: expect.stringContaining('to its end'),
      });
    }
    expect(await bed.count('bans', 'lifted_at is null')).toBe(0);
  });

  it('answers a command in quotes and does not run it', async () => {
    expect(await bed.type('“!ban 0a1b2c3d”')).toMatchObject({
      result: 'invalid',
      reply: expect.stringContaining('something stands before its `!`'),
    });
    expect(await bed.count('bans', 'lifted_at is null')).toBe(0);
  });

  it('lists bans that end in the same digits instead of guessing', async () => {
    await bed.addPost('77770001-1111-4222-8333-444455556666', { sender: '+13105550101' });
    await bed.type('!ban 0a1b2c3d');
    await bed.type('!ban 77770001');
    const both = await bed.type('!unban 0101');
    expect(both).toMatchObject({ result: 'invalid', reply: expect.stringContaining('UID 77770001') });
    expect(await bed.count('bans', 'lifted_at is null')).toBe(2);
    expect((await bed.type('!unban 77770001')).result).toBe('done');
    expect(await bed.count('bans', 'lifted_at is null')).toBe(1);
  });
});

describe('a UID as phones type it', () => {
  it.each([
    '0a1b2c3d.',
    '0a1b2c3d,',
    '0a1b2c3d:',
    '\u201c0a1b2c3d\u201d',
    "'0a1b2c3d'",
    '(0a1b2c3d)',
    '#0a1b2c3d',
    '0A1B2C3D',
    '0a1b2c3d\u200b',
    '\u202e0a1b2c3d',
    '\uff10\uff41\uff11\uff42\uff12\uff43\uff13\uff44',
    '0a1b2c3d\u2014spam',
    '0a1b2c3d,spam',
    '<0a1b2c3d>',
    '*0a1b2c3d*',
    'UID 0a1b2c3d',
    'uid: 0a1b2c3d',
    '0a1b2c3d-1111-4222-8333-444455556666',
    '0a1b2c3d\u20111111\u20114222\u20118333\u2011444455556666',
  ])('!who and !ban find %j', async (uid) => {
    expect((await bed.type(`!who ${uid}`)).reply).toContain('from …0101');
    expect((await bed.type(`!ban ${uid}`)).reply).toMatch(/^Banned …0101 for good/);
  });

  it.each([
    '---UID---\n0a1b2c3d\n---------',
    '---UID---\n0a1b2c3d\n2 media items attached\n---------',
    '---UID---\n0a1b2c3d\n---------\n2h spam',
    '- 0a1b2c3d',
    'is 0a1b2c3d',
    '0a1b2c3d, 2h',
    '0a1b2c3d,2h',
    '0a1b2c3d) spam',
  ])('!ban finds it in %j', async (typed) => {
    expect((await bed.type(`!who ${typed}`)).reply).toContain('from …0101');
    const end = typed.includes('2h') ? 'until' : 'for good';
    expect((await bed.type(`!ban ${typed}`)).reply).toMatch(new RegExp(`^Banned …0101 ${end}`));
    const { rows } = await bed.pool.query('select reason from bans where lifted_at is null');
    expect(rows).toEqual([{ reason: typed.includes('spam') ? 'spam' : null }]);
  });

  it.each(['0a1b2c3d?', '0a1b2c3d ?', '0a1b2c3d\uff1f', 'UID 0a1b2c3d?', '0a1b2c3d?spam', '0a1b2c3d\u2753'])(
    '!ban asks about %j, which is a question',
    async (typed) => {
      expect(await bed.type(`!ban ${typed}`)).toMatchObject({ result: 'invalid' });
      expect(await bed.count('bans', 'lifted_at is null')).toBe(0);
      expect((await bed.type(`!who ${typed}`)).reply).toContain('from …0101');
    },
  );

  it('is a word of !stats and !clear, too', async () => {
    expect((await bed.type('!stats today.')).reply).toMatch(/^Today: /);
    expect((await bed.type('!stats \u201cWeek\u201d')).reply).toMatch(/^The last 7 days/);
    expect((await bed.type('!clear messages!')).result).toBe('done');
  });

  it('needs a blank before it, which the answer says', async () => {
    expect(await bed.type('!ban0a1b2c3d')).toMatchObject({
      result: 'invalid',
      reply: expect.stringContaining('Did you mean `!ban 0a1b2c3d`?'),
    });
    for (const rest of [' 2h spam', '-1111-4222-8333-444455556666 2h']) {
      expect((await bed.type(`!ban0a1b2c3d${rest}`)).reply).toContain(
        `Did you mean \`!ban 0a1b2c3d${rest}\`?`,
      );
    }
  });
});

describe('the length of a ban', () => {
  it.each([
    'for 2h',
    '(2h)',
    '\u201c2h\u201d spam',
    '\uff12h',
    '2 hours',
    'spam 2h',
    '\u2014 2h spam',
    '\u200e2h',
  ])('is two hours: %j', async (length) => {
    const { reply } = await bed.type(`!ban 0a1b2c3d ${length}`);
    expect(reply).toMatch(/^Banned …0101 until /);
    const { rows } = await bed.pool.query(
      'select extract(epoch from until - banned_at) as seconds, reason from bans where lifted_at is null',
    );
    expect(Number(rows[0].seconds)).toBe(7_200);
    expect(rows[0].reason).toBe(length.includes('spam') ? 'spam' : null);
  });
});
