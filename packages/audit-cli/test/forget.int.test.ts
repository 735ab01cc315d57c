import { waitFor } from '@wbor/testkit';
import { expect, it } from 'vitest';
import { runAudit } from './audit-bed.ts';
import { createForgetBed, GROUP_ID } from './forget-bed.ts';

const ID = '0a1b2c3d-1111-4222-8333-444455556666';
const OTHER_ID = 'ffffffff-1111-4222-8333-444455556666';
const BOT = { bot_id: '0123456789abcdef01234567', code: 202, type: 'log' };
const POST = `"Play zanzibar"\n---UID---\n0a1b2c3d\n---------`;
const ONE_OF_OTHERS = `"Hello"\n---UID---\nffffffff\n---------`;

/** In any spelling: the national digits, whatever is between them. The second half of the test of what is left. */
function isTrace(text: string): boolean {
  const digits = text.normalize('NFKC').replace(/\D/g, '');
  return digits.includes('2075550123') || /zanzibar|Jane|photo-of-hers/i.test(text);
}

function post(values: Record<string, unknown>) {
  return { ...BOT, source: 'twilio', outcome: 'delivered', part: 1, parts: 1, attempt: 1, ...values };
}

let lastId = BigInt(Date.now()) * 100_000n;
function callback(text: string, values: Record<string, unknown> = {}) {
  lastId += 1n;
  const id = String(lastId);
  return {
    ...{
      attachments: [],
      created_at: Math.floor(Date.now() / 1000),
      group_id: GROUP_ID,
      id,
      name: 'Manager',
    },
    ...{
      sender_id: '77',
      user_id: '77',
      sender_type: 'user',
      source_guid: `guid-${id}`,
      system: false,
      text,
    },
    ...{ source: 'groupme.callback', code: 200, type: 'log', wbor_message_id: `guid-${id}` },
    ...values,
  };
}

it('leaves no trace of a number, a name, words and pictures in any table or queue, and all of others', async () => {
  const bed = await createForgetBed();
  const services = await Promise.all([bed.spawn('audit-logger'), bed.spawn('moderator')]);
  const hers = { wbor_message_id: ID, sender: '+12075550123', sender_name: 'Jane', text: POST };
  await bed.publish(
    'source.groupme.msg',
    post({ ...hers, code: 503, outcome: 'unknown', sent_at: new Date() }),
  );
  await bed.publish(
    'source.groupme.msg',
    post({ ...hers, attempt: 2, picture_url: 'https://i.groupme.com/photo-of-hers' }),
  );
  await bed.publish(
    'source.groupme.msg',
    post({ ...hers, sender: '(207) 555-0123', wbor_message_id: 'evt-207-555-0123' }),
  );
  await bed.publish(
    'source.groupme.msg',
    post({ wbor_message_id: OTHER_ID, sender: '+12075550199', text: ONE_OF_OTHERS }),
  );
  const image = {
    wbor_message_id: ID,
    image_url: 'https://x.example/photo-of-hers.png',
    sha256: 'abc',
    text: '',
  };
  await bed.publish('source.groupme.img', { ...post(image), type: 'img' });
  const attachments = [{ type: 'image', url: 'https://i.groupme.com/photo-of-hers' }];
  await bed.publish('source.groupme.echo', callback(POST, { sender_type: 'bot', name: 'WBOR', attachments }));
  await bed.publish('source.groupme.echo', callback(ONE_OF_OTHERS, { sender_type: 'bot', name: 'WBOR' }));
  await bed.publish('source.groupme.undisplayed', {
    ...post(hers),
    type: 'undisplayed',
    sent_at: new Date(),
    waited_ms: 1,
  });
  await bed.publish('source.groupme.msg', Buffer.from(`{"From": "+1 207-555-0123", "Body": "zanzibar"`));
  await waitFor(
    async () => (await bed.count('groupme_posts')) === 4 && (await bed.count('groupme_echoes')) === 2,
    {
      what: 'stored posts',
      timeoutMs: 30_000,
    },
  );
  for (const text of [
    '!who 0a1b2c3d',
    '!ban 0a1b2c3d 2h Jane',
    '!bans',
    'ring ＋１ ２０７ ５５５ ０１２３, member 77',
    '!ping',
  ])
    await bed.publish('source.groupme.callback', callback(text));
  await bed.publish('source.twilio.ban', { wbor_message_id: 'b', ban_number: '+12075550123' });
  await waitFor(
    async () => (await bed.count('groupme_commands')) === 4 && (await bed.count('groupme_ban_changes')) >= 1,
    { what: 'commands and bans', timeoutMs: 30_000 },
  );
  // Our bot's answer, as a relay posts it and GroupMe shows it.
  const { rows } = await bed.pool.query(
    `select message_id as id, body ->> 'body' as reply from moderator_outbox where body ->> 'body' like '%Jane%'`,
  );
  const [{ id, reply }] = rows;
  await bed.publish('source.groupme.msg', post({ source: 'command', wbor_message_id: id, text: reply }));
  await bed.publish('source.groupme.echo', callback(reply, { sender_type: 'bot', name: 'WBOR' }));
  await waitFor(
    async () => (await bed.count('groupme_echoes')) === 3 && (await bed.count('groupme_posts')) === 5,
    {
      what: 'the answer',
      timeoutMs: 30_000,
    },
  );
  await bed.send('relay.parked', { From: '2075550123', Body: 'zanzibar' }, { 'x-parked-reason': 'fault' });
  await bed.send('relay.parked', { body: 'an alert' });
  await bed.send('audit-logger.parked', post({ wbor_message_id: ID, text: 'zanzibar' }));
  await bed.send('relay.journal', { wbor_message_id: ID, part: 1, parts: 1, source: 'twilio', text: POST });
  await Promise.all(services.map((service) => service.stop()));

  const refused = await bed.forget('207 555 0123', '--yes');
  expect(refused).toMatchObject({
    code: 3,
    stdout: expect.stringContaining('relay.standard not worked off yet'),
  });
  await Promise.all([bed.purge('relay.standard'), bed.purge('relay.twilio')]);
  await bed.analyze();
  expect((await bed.statistics()).filter(isTrace).length).toBeGreaterThan(0);
  const before = await bed.dump();
  expect(before.filter(isTrace).length).toBeGreaterThan(15);
  expect(await bed.forget('207 555 0123', '--dry-run')).toMatchObject({ code: 0 });
  expect((await bed.dump()).toSorted()).toEqual(before.toSorted());

  const done = await bed.forget('207 555 0123', '--yes', '--lift-ban');
  expect(done).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringContaining('relay.parked: 1 message were dropped'),
  });
  expect(isTrace(done.stdout)).toBe(false);
  const after = await bed.dump();
  expect(after.filter(isTrace)).toEqual([]);
  expect((await bed.statistics()).filter(isTrace)).toEqual([]);

  // Rows and counts are there, and so is what is of others.
  expect(await bed.count('groupme_posts')).toBe(5);
  expect(await bed.count('stats_overall', 'messages = 3')).toBe(1);
  expect(await bed.count('stats_by_sender')).toBe(1);
  expect(after.filter((text) => text.includes('an alert') || text.includes('Hello'))).toHaveLength(6);
  expect(await bed.count('groupme_callbacks', "text = 'ring [number removed], member 77'")).toBe(1);
  expect(await bed.count('groupme_commands', "reply = '' or reply is null")).toBe(3);
  expect(await bed.count('bans', 'lifted_at is null')).toBe(0);
  const { rows: records } = await bed.pool.query('select * from audit_removals');
  expect(records).toMatchObject([
    { ban: 'lifted', rows: { groupme_images: 1 }, messages: expect.anything() },
  ]);
  expect(await bed.forget('+12075550123', '--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nothing'),
  });
}, 120_000);

it('keeps a ban in force with its number, and what a relay needs of a message that is being posted, and says so', async () => {
  const bed = await createForgetBed();
  await bed.pool.query(
    `insert into bans (id, sender, banned_at, until, reason, banned_by, lifted_at) values
      (gen_random_uuid(), '+12075550123', now(), null, 'Jane', '77', null),
      (gen_random_uuid(), '+1 207 555 0123', now(), now() - interval '1 hour', 'Jane', '77', null),
      (gen_random_uuid(), '2075550123', now(), null, 'Jane', '77', now())`,
  );
  await bed.pool.query(
    `insert into groupme_posts (event_id, occurred_at, wbor_message_id, sender, payload)
     values (gen_random_uuid(), now(), $1, '+12075550123', '{}')`,
    [ID],
  );
  const call = { wbor_message_id: ID, part: 1, parts: 2, source: 'twilio', text: POST };
  await bed.send('relay.journal', { ...call, sent_at: new Date().toISOString() });
  const { code, stdout } = await bed.forget('+12075550123', '--yes');
  expect(code).toBe(3);
  expect(stdout).toContain('the ban keeps the number');
  expect(stdout).toContain('relay.journal keeps 1 entry');
  const { rows } = await bed.pool.query(
    'select sender, reason, lifted_by from bans order by lifted_at nulls first, until',
  );
  expect(rows).toMatchObject([
    { sender: '+12075550123', reason: null, lifted_by: null },
    { sender: '[number removed]', reason: null },
    { sender: '[number removed]', reason: null },
  ]);
  expect((await bed.dump()).filter((text) => text.includes('zanzibar'))).toHaveLength(1);
});

it.each([['WBOR', '--yes'], ['+12075550123']])('does nothing for %j %j', async (...args) => {
  const nowhere = { RABBITMQ_URL: 'amqp://127.0.0.1:1/', DATABASE_URL: 'postgres://127.0.0.1:1/none' };
  expect(await runAudit(nowhere, 'forget', ...args)).toMatchObject({ code: 2, stdout: '' });
});
