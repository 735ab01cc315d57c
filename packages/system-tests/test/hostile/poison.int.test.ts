import { waitFor, wireNested, wireTable, wireText } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostileBed, startHostileBed } from './bed.ts';

let bed: HostileBed;
beforeAll(async () => {
  bed = await startHostileBed();
});
afterAll(() => bed?.stop());

const body = { body: 'poison', source: 'poison' };
const waitForParked = (queue: 'relay' | 'audit-logger' | 'moderator', count: number) =>
  waitFor(async () => (await bed.listParked(queue)).length >= count, {
    what: `${count} messages in ${queue}.parked`,
    timeoutMs: 30_000,
    intervalMs: 500,
  });

async function discardAll(queue: 'relay' | 'audit-logger' | 'moderator'): Promise<void> {
  expect((await bed.parked(queue, 'discard', '--all')).code).toBe(0);
  expect(await bed.listParked(queue)).toEqual([]);
}

describe('1: headers that kill a connection', () => {
  it.each([
    ['source.standard.ups', 'F', 'relay'],
    ['source.standard.ups', 'A', 'relay'],
    ['source.twilio.sms.incoming', 'F', 'relay'],
    ['source.groupme.msg', 'F', 'audit-logger'],
    ['source.groupme.callback', 'F', 'moderator'],
  ] as const)('on %s (%s) are parked in %s, listed, shown and discarded', async (key, kind, queue) => {
    const headers = wireTable({ first: wireText('kept'), deep: wireNested(kind, 8_000) });
    await bed.publish(key, body, { headers, messageId: 'poison' });
    await bed.expectUnharmed(`1, ${key}`);
    await waitForParked(queue, 1);
    const [parked] = await bed.listParked(queue);
    expect(parked?.error).not.toBe('');
    expect((await bed.parked(queue, 'show', parked?.id ?? '')).stdout).toContain(key);
    for (const any of ['relay', 'audit-logger', 'moderator'] as const) await discardAll(any);
  });

  it.each([
    'relay.outbox',
    'relay.outbox.urgent',
    'relay.journal',
    'relay.parked',
    'moderator.callbacks',
    'audit-logger.events',
  ])('straight into %s stop nothing', async (queue) => {
    await bed.publish(queue, body, { headers: wireTable({ deep: wireNested('F', 8_000) }) }, 'queue');
    await bed.expectUnharmed(`1, ${queue}`);
    for (const any of ['relay', 'audit-logger', 'moderator'] as const)
      expect((await bed.parked(any, 'discard', '--all')).code).toBe(0);
  });

  it('on a ban list and on an echo, which no queue keeps, stop nothing', async () => {
    const headers = wireTable({ deep: wireNested('F', 8_000) });
    for (const key of ['moderation.bans', 'moderation.bans.request', 'source.groupme.echo'])
      await bed.publish(key, {}, { headers });
    await bed.expectUnharmed('1, listeners');
    // The echo is for the audit, too.
    await waitForParked('audit-logger', 1);
    await discardAll('audit-logger');
  });
});

describe('2: headers that cannot be kept', () => {
  it('120 messages with 65 KB of headers are parked without them, and counted when they are', async () => {
    const before = await bed.metric('relay', 'relay_messages_parked_total');
    const headers = wireTable({ large: wireText('h'.repeat(65_000)), small: wireText('kept') });
    for (let index = 0; index < 120; index += 1) await bed.publish('source.standard.ups', '{', { headers });
    await bed.expectUnharmed('2');
    await waitForParked('relay', 120);
    expect(await bed.listParked('relay')).toHaveLength(120);
    expect((await bed.metric('relay', 'relay_messages_parked_total')) - before).toBe(120);
    await discardAll('relay');
  });
});

describe('3: reply addresses', () => {
  it.each([
    'amq.rabbitmq.reply-to.junk',
    'amq.rabbitmq.reply-to.',
    'amq.rabbitmq.reply-to.g1h2AA==.g2dkABByYWJiaXRAbG9jYWxob3N0AAAB8wAAAAAAAAAB',
    'no-such-queue',
    '\0',
    Buffer.from([0xff, 0xfe]),
  ])('%j harm nobody, and the message is posted', async (replyTo) => {
    const word = `reply ${Buffer.from(replyTo).toString('hex').slice(-12)}`;
    await bed.publish('source.standard.ups', { body: word, source: 'ups' }, { replyTo, correlationId: 'c' });
    await bed.waitForPost(word);
    await bed.expectUnharmed('3');
    expect(bed.postsWith(word)).toHaveLength(1);
  });
});

describe('4: size', () => {
  it.each([
    ['source.groupme.msg', 'audit-logger'],
    ['source.groupme.callback', 'audit-logger'],
    ['source.standard.ups', 'relay'],
  ] as const)(
    'of 60 MB on %s is kept aside in %s as a digest, and memory stays low',
    async (key, queue) => {
      const huge = Buffer.concat([
        Buffer.from('{"body":"'),
        Buffer.alloc(60_000_000, 'x'),
        Buffer.from('"}'),
      ]);
      await bed.publish(key, huge, { messageId: 'huge' });
      await bed.expectUnharmed(`4, ${key}`);
      await waitForParked(queue, 1);
      expect((await bed.listParked(queue)).map(({ reason }) => reason)).toContain('too-large');
      for (const any of ['relay', 'audit-logger', 'moderator'] as const) await discardAll(any);
    },
    120_000,
  );
});
