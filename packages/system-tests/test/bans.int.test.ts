import { randomBytes } from 'node:crypto';
import type { App } from '@wbor/start-system';
import { waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

let system: SystemUnderTest;
beforeAll(async () => {
  system = await startSystemUnderTest({
    brokerUrl: inject('brokerUrl'),
    databaseUrl: inject('databaseUrl'),
    moderator: true,
  });
});
afterAll(() => system?.stop());

/** An SMS as the SMS service publishes it; returns what became of it. */
async function sms(sender: string): Promise<{ uid: string; outcome: string }> {
  const uid = randomBytes(4).toString('hex');
  const id = `${uid}-1111-4222-8333-444455556666`;
  await system.publish('source.twilio.sms.incoming', {
    From: sender,
    Body: `From ${uid}`,
    wbor_message_id: id,
  });
  const outcome = await waitFor(
    async () =>
      (await system.database.query('select outcome from groupme_posts where wbor_message_id = $1', [id]))
        .rows[0]?.outcome as string | undefined,
    { what: `the outcome of ${id}`, timeoutMs: 30_000 },
  );
  expect(system.posts().some((post) => post.includes(uid))).toBe(outcome === 'delivered');
  return { uid, outcome };
}

async function command(text: string, answer: RegExp): Promise<void> {
  const before = system.posts().length;
  await system.simulator.postAsMember({ name: 'Station manager', text });
  await system.simulator.waitFor(
    () =>
      system
        .posts()
        .slice(before)
        .some((post) => answer.test(post)),
    30_000,
  );
}

const orders: App[][] = [
  ['relay'],
  ['moderator'],
  ['relay', 'moderator'],
  ['moderator', 'relay'],
  ['audit-logger', 'moderator', 'relay'],
];

it.each(orders.map((order, index) => ({ order, index })))(
  'keeps a ban and its end when these are killed and started again: $order',
  async ({ order, index }) => {
    const sender = `+1207555100${index}`;
    const first = await sms(sender);
    expect(first.outcome).toBe('delivered');
    await command(`!ban ${first.uid}`, /^Banned/);
    expect((await sms(sender)).outcome).toBe('blocked');
    for (const app of order) await system.killAndRestart(app);
    expect((await sms(sender)).outcome).toBe('blocked');
    expect((await sms('+12075559999')).outcome).toBe('delivered');

    await command(`!unban ${first.uid}`, /^Unbanned/);
    for (const app of order) await system.killAndRestart(app);
    expect((await sms(sender)).outcome).toBe('delivered');
  },
);

it('goes on delivering, and keeps the ban, with the moderator gone', async () => {
  const sender = '+12075552000';
  const { uid } = await sms(sender);
  await command(`!ban ${uid}`, /^Banned/);
  await system.service('moderator').kill();
  expect((await sms(sender)).outcome).toBe('blocked');
  expect((await sms('+12075559999')).outcome).toBe('delivered');
});
