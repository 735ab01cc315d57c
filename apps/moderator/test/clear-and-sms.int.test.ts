import { smsBan, smsUnban } from '@wbor/contracts';
import { connectAmqp, publishRaw, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createTestBed, type TestBed } from './test-bed.ts';

let bed: TestBed;

// No queue is bound to `dashboard.clear`: that of a test which hears everything would be one.
beforeEach(async () => {
  bed = await createTestBed('source.#');
});
afterEach(() => bed.dispose());

/** As the SMS service does it: no AMQP message id, and a new id of its own for each call. */
async function publish(key: string, body: unknown): Promise<void> {
  const connection = await connectAmqp(inject('brokerUrl'));
  const channel = await connection.createConfirmChannel();
  const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  await publishRaw(channel, bed.namespace.exchange, key, content, { headers: { 'x-retry-count': 0 } });
  await connection.close();
}

const said = (count: number) =>
  waitFor(() => bed.replies().length >= count, { what: `${count} replies`, timeoutMs: 30_000 });

async function banned(): Promise<string[]> {
  const { rows } = await bed.pool.query('select sender from bans where lifted_at is null and until is null');
  return rows.map(({ sender }) => sender as string);
}

describe('!clear', () => {
  it('says so when no queue takes it, and is not carried out by whoever comes later', async () => {
    await bed.launch();
    await bed.type('!clear');
    await said(1);
    expect(bed.replies()).toEqual(['Nothing was cleared: no studio dashboard listens for !clear.']);
    await waitFor(async () => (await bed.count('moderator_outbox', 'published_at is null')) === 0, {
      what: 'the empty outbox',
    });
    expect(bed.replies()).toHaveLength(1);
  });

  it('claims no more than that a queue took it, which nobody may read', async () => {
    const connection = await connectAmqp(inject('brokerUrl'));
    const channel = await connection.createChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, bed.namespace.exchange, 'dashboard.clear');
    await bed.launch();
    await bed.type('!clear messages');
    await said(1);
    expect(bed.replies()).toEqual([
      'Passed on for the studio dashboard. Whether its screen was cleared is not known here.',
    ]);
    const heard = await channel.get(queue, { noAck: true });
    expect(heard && JSON.parse(heard.content.toString())).toMatchObject({ scope: 'messages' });
    await connection.close();
  });
});

describe('a ban of the SMS service', () => {
  const ID = '0a1b2c3d-1111-4222-8333-444455556666';

  it('changes the one ban list, once, and says so in the chat without the number', async () => {
    await bed.launch();
    const ban = { wbor_message_id: ID, ban_number: '+1 (207) 555-0123', timestamp: 'now', type: 'sms.ban' };
    await publish(smsBan.key, ban);
    await publish(smsBan.key, ban);
    await said(1);
    await publish(smsBan.key, { ...ban, wbor_message_id: 'another', ban_number: 12075550123 });
    await said(2);
    expect(bed.replies()).toEqual([
      'Banned …0123 for good: the SMS service was told to. Undo: !unban 0123',
      'The SMS service was told to ban …0123, who is banned for good already.',
    ]);
    expect(await banned()).toEqual(['+12075550123']);
    expect(bed.published('source.groupme.ban').map(({ json }) => json)).toMatchObject([
      { action: 'ban', sender: '+12075550123', caller_id: 'sms', caller_name: 'SMS service' },
    ]);
    expect((await bed.type('!unban 0123')).result).toBe('done');
  });

  it('is lifted by the SMS service too, whoever made it', async () => {
    await bed.launch();
    await publish(smsUnban.key, { wbor_message_id: ID, unban_number: '+12075550123' });
    await said(1);
    await publish(smsBan.key, { wbor_message_id: ID, ban_number: '+12075550123' });
    await said(2);
    await publish(smsUnban.key, { wbor_message_id: 'later', unban_number: '207-555-0123' });
    await said(3);
    expect(bed.replies()).toEqual([
      'The SMS service was told to unban …0123, who is not banned.',
      'Banned …0123 for good: the SMS service was told to. Undo: !unban 0123',
      'Unbanned …0123: the SMS service was told to. Messages of this number appear again.',
    ]);
    expect(await banned()).toEqual([]);
  });

  it('that names no number is parked, and the next one is next', async () => {
    const moderator = await bed.launch();
    await publish(smsBan.key, { wbor_message_id: ID, ban_number: '' });
    await publish(smsBan.key, 'no JSON');
    await publish(smsBan.key, { wbor_message_id: 'good', ban_number: '+12075550123' });
    await said(1);
    expect(bed.replies()).toHaveLength(1);
    expect(moderator.logged('parked a ban or unban of the SMS service')).toHaveLength(2);
  });
});
