import { connectAmqp, publishRaw, spawnService, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTestBed, type TestBed } from './test-bed.ts';

const MESSAGE = '0a1b2c3d-1111-4222-8333-444455556666';

let bed: TestBed;
let stopModerator: (() => Promise<unknown>) | undefined;
beforeAll(async () => {
  bed = await createTestBed();
  const moderator = await spawnService({
    app: 'moderator',
    env: {
      RABBITMQ_URL: inject('brokerUrl'),
      RABBITMQ_EXCHANGE: bed.namespace.exchange,
      QUEUE_PREFIX: bed.namespace.queuePrefix,
      DATABASE_URL: bed.databaseUrl,
      GROUPME_GROUP_ID: '1',
      HEALTH_HOST: '127.0.0.1',
    },
  });
  stopModerator = () => moderator.kill();
  await moderator.waitUntilReady();
  for (const [id, sender] of [
    [MESSAGE, '+12075550123'],
    ['of-two', '+12075550124'],
    ['of-two', '+12075550125'],
    ['of-nobody', null],
  ]) {
    await bed.pool.query(
      `insert into groupme_posts (event_id, payload, wbor_message_id, source, text, outcome, code, sender, occurred_at)
       values (gen_random_uuid(), '{}', $1, 'twilio', 'Hello', 'delivered', 202, $2, now())`,
      [id, sender],
    );
  }
});
afterAll(async () => {
  await stopModerator?.();
  await bed?.dispose();
});

const banned = async () =>
  (await bed.pool.query('select * from bans where lifted_at is null order by banned_at')).rows;

/** Sends a form of ours, and reads the page that it leads to. */
async function send(
  role: 'viewer' | 'moderator',
  path: string,
  fields: Readonly<Record<string, string>> = {},
) {
  const somebody = await bed.signedIn('Ann', role);
  const response = await somebody.submit(path, fields);
  const location = response.headers.get('location');
  const page = await (location === null ? response : await somebody.get(location)).text();
  return { status: response.status, location, page };
}

describe('a ban', () => {
  it('of a number is made and lifted by the moderator, and written down without the number', async () => {
    const number = '(207) 555-0177';
    const made = await send('moderator', '/bans', { number, length: '2h', reason: 'spam' });
    expect([made.status, made.location]).toEqual([303, '/bans']);
    expect(made.page).toMatch(/role="status">Banned …0177 until /);
    expect(made.page).toContain('Ann (console)');
    expect(made.page).not.toContain('5550177');
    const [row] = await banned();
    expect(row).toMatchObject({ sender: '+12075550177', reason: 'spam', banned_by: 'console:password:ann' });
    const hours = (row.until.getTime() - row.banned_at.getTime()) / 3_600_000;
    expect(hours).toBeCloseTo(2, 0);

    const lifted = await send('moderator', `/bans/${row.id}/unban`);
    expect(lifted.page).toContain('Unbanned …0177.');
    expect(lifted.page).toContain('Nobody is banned.');
    const { rows } = await bed.pool.query('select action, target, detail from console_actions order by id');
    expect(rows).toMatchObject([
      { action: 'sender.ban', target: '…0177', detail: { length: '2h' } },
      { action: 'sender.unban', target: '…0177' },
    ]);
    expect(JSON.stringify(rows)).not.toContain('5550177');
    expect((await send('moderator', `/bans/${row.id}/unban`)).page).toContain('That ban is over already.');
  });

  it('of the sender of a message leads back to it, and Bans to the message', async () => {
    const { location, page } = await send('moderator', `/messages/${MESSAGE}/ban`, { length: 'forever' });
    expect(location).toBe(`/messages/${MESSAGE}`);
    expect(page).toContain('Banned …0123 for good.');
    expect(await banned()).toMatchObject([{ sender: '+12075550123', until: null, about: MESSAGE }]);
    const bans = await (await (await bed.signedIn('Bob', 'viewer')).get('/bans')).text();
    expect(bans).toContain(`<a href="/messages/${MESSAGE}">0a1b2c3d</a>`);
    expect(bans).not.toMatch(/5550123|Unban|Ban a number/);
  });

  it.each([
    ['/messages/of-two/ban', {}, 400, 'messages of several senders'],
    ['/messages/of-nobody/ban', {}, 400, 'it has no sender'],
    ['/messages/unknown/ban', {}, 404, 'no message of that name'],
    ['/bans', { number: 'spammer' }, 400, 'That is no number'],
    ['/bans', { number: '+12075550199', length: 'x' }, 400, 'length: must be one of those'],
  ])('at %s with %j is refused', async (path, fields, status, words) => {
    const before = await banned();
    const refused = await send('moderator', path, { length: '1d', ...fields });
    expect([refused.status, refused.page]).toEqual([status, expect.stringContaining(words)]);
    expect(await banned()).toEqual(before);
  });

  it('is nothing that a viewer may ask for', async () => {
    const fields = { number: '+12075550199', length: '1d' };
    const [row] = await banned();
    for (const path of ['/bans', `/messages/${MESSAGE}/ban`, `/bans/${row.id}/unban`])
      expect((await send('viewer', path, fields)).status, path).toBe(403);
    expect(await banned()).toHaveLength(1);
  });
});

it('shows 50 changes a page, the newest first', async () => {
  await bed.pool.query(`
    insert into groupme_ban_changes (event_id, occurred_at, payload, action, sender, caller, caller_name)
    select gen_random_uuid(), now() - n * interval '1 minute', '{}', 'ban', '+1207555' || lpad(n::text, 4, '0'), '77', 'Manager'
    from generate_series(1, 51) n`);
  const bob = await bed.signedIn('Bob', 'viewer');
  const [first, second] = await Promise.all(
    ['/bans', '/bans?page=2'].map(async (path) => (await bob.get(path)).text()),
  );
  expect(first?.match(/<td>banned<\/td>/g)).toHaveLength(50);
  expect(first?.indexOf('…0001')).toBeLessThan(first?.indexOf('…0050') ?? 0);
  expect(second?.match(/<td>banned<\/td>/g)).toHaveLength(1);
  expect(second).toContain('…0051');
});

it('says so when the moderator does not answer', async () => {
  await stopModerator?.();
  const asked = await send('moderator', '/bans', { number: '+12075550188', length: '7d' });
  expect(asked.page).toMatch(/The moderator was asked to ban …0188 until .+; it has not answered yet/);
});

it('keeps the words of a banned sender from the page Now while no relay has said that they are blocked', async () => {
  await bed.pool.query(
    `insert into bans (id, sender, banned_at, banned_by, reason) values (gen_random_uuid(), '+12075550199', now(), 'test', '')`,
  );
  const connection = await connectAmqp(inject('brokerUrl'));
  const channel = await connection.createConfirmChannel();
  const sms = { From: '(207) 555-0199', Body: 'an insult', wbor_message_id: 'of-banned' };
  await publishRaw(
    channel,
    bed.namespace.exchange,
    'source.twilio.sms.incoming',
    Buffer.from(JSON.stringify(sms)),
  ).catch(() => undefined);
  await connection.close();
  const viewer = await bed.signedIn('Viewer', 'viewer');
  const look = async () => {
    const text = await (await viewer.get('/')).text();
    return text.includes('(blocked)') && text;
  };
  const page = await waitFor(look, { what: 'the message, without its words' });
  expect(page).not.toContain('an insult');
});
