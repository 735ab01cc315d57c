import { randomUUID } from 'node:crypto';
import { banRequest, type MessageDefinition } from '@wbor/contracts';
import { connectAmqp, publishRaw } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { createTestBed, eventually, type TestBed } from './test-bed.ts';

const MESSAGE = '0a1b2c3d-1111-4222-8333-444455556666';

let bed: TestBed;
beforeEach(async () => {
  bed = await createTestBed();
});
afterEach(() => bed.dispose());

/** As the console asks. */
async function ask(body: Readonly<Record<string, unknown>>): Promise<string> {
  const id = randomUUID();
  const by = { by: 'oidc:1', by_name: 'Ann', at: new Date().toISOString() };
  const whole = { id, action: 'ban', until: null, reason: '', ...by, ...body };
  await bed.broker.publish(banRequest as MessageDefinition, whole);
  return id;
}

const heard = (replies: readonly unknown[]) => eventually(() => expect(bed.replies()).toEqual(replies));
const banned = async () => (await bed.pool.query('select * from bans where lifted_at is null')).rows;

it('bans and unbans a number for somebody in the console, once, and says so in the chat', async () => {
  await bed.launch();
  const until = new Date(Date.now() + 3_600_000).toISOString();
  const id = await ask({ sender: '(207) 555-0123', until, reason: 'spam' });
  await ask({ id, sender: '(207) 555-0199' });
  const first = expect.stringMatching(
    /^Banned …0123 until .+: spam, by Ann in the console\. Undo: !unban 0123$/,
  );
  await heard([first]);
  expect(await banned()).toMatchObject([
    { sender: '+12075550123', reason: 'spam', banned_by: 'console:oidc:1', banned_by_name: 'Ann' },
  ]);
  expect(bed.published('source.groupme.ban').map(({ json }) => json)).toMatchObject([
    { action: 'ban', sender: '+12075550123', caller_id: 'console:oidc:1', caller_name: 'Ann', until },
  ]);

  await ask({ action: 'unban', sender: '+12075550123' });
  await ask({ action: 'unban', sender: '+12075550123' });
  await heard([
    first,
    'Unbanned …0123: by Ann in the console. Messages of this number appear again.',
    'Ann asked in the console to unban …0123, who is not banned.',
  ]);
  expect(await banned()).toEqual([]);
  expect(bed.lists().at(-1)?.bans).toEqual([]);
});

it('bans the sender of a message, and nobody where that is not one', async () => {
  await bed.addPost(MESSAGE, { sender: '+12075550123' });
  await bed.addPost('of-two', { sender: '+12075550124' });
  await bed.addPost('of-two', { sender: '+12075550125' });
  await bed.addPost('of-nobody');
  const moderator = await bed.launch();
  for (const id of ['of-two', 'of-nobody', '0a1b2c3d', MESSAGE]) await ask({ wbor_message_id: id });
  await heard(['Banned …0123 for good: by Ann in the console. Undo: !unban 0a1b2c3d']);
  expect(await banned()).toMatchObject([{ sender: '+12075550123', about: MESSAGE }]);
  expect(moderator.logged('parked a ban or unban of the console').map(({ reason }) => reason)).toEqual([
    'messages of several senders have this id',
    'the message has no sender',
    'there is no such message',
  ]);
});

it('parks what is no request, what came under another key, and bans nobody for a time that is over', async () => {
  const moderator = await bed.launch();
  await ask({ sender: 'nobody' });
  await ask({ sender: '+12075550123', wbor_message_id: MESSAGE });
  const connection = await connectAmqp(inject('brokerUrl'));
  const channel = await connection.createConfirmChannel();
  const forged = {
    id: randomUUID(),
    action: 'ban',
    sender: '+12075550123',
    until: null,
    by: 'x',
    by_name: 'X',
  };
  const content = Buffer.from(JSON.stringify({ ...forged, at: new Date().toISOString() }));
  const headers = { CC: [banRequest.key] };
  await publishRaw(channel, bed.namespace.exchange, 'source.standard.x', content, { headers });
  await connection.close();
  await ask({ sender: '+12075550123', until: '2025-06-01T12:00:00.000Z' });
  await heard(['Ann asked in the console to ban …0123 until Jun 1, 8:00 AM, which is over.']);
  expect(await banned()).toEqual([]);
  expect(moderator.logged('parked a ban or unban of the console').map(({ reason }) => reason)).toEqual([
    'there is no number in it',
    expect.stringContaining('either a sender or a wbor_message_id'),
    'it was published under another key',
  ]);
});
