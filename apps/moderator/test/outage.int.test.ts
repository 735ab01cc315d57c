import { banListRequest, moderatorCallbacksQueue, queueName } from '@wbor/contracts';
import { connectAmqp, startTcpProxy, type TcpProxy } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { createTestBed, eventually, type TestBed } from './test-bed.ts';

let bed: TestBed;
beforeEach(async () => {
  bed = await createTestBed();
  await bed.addPost('0a1b2c3d-1', { sender: '+12075550101' });
});
afterEach(() => bed.dispose());

async function proxyTo(url: string): Promise<TcpProxy> {
  const proxy = await startTcpProxy({ target: url });
  bed.onDispose(() => proxy.dispose());
  return proxy;
}

describe('an outage', () => {
  it('of Postgres keeps commands, says so, and runs them afterwards', async () => {
    const proxy = await proxyTo(bed.databaseUrl);
    const moderator = await bed.launch({ DATABASE_URL: proxy.url(bed.databaseUrl) });
    await bed.type('!ping');
    expect(moderator.faults()).toEqual([]);
    await proxy.cut();
    const typed = bed.callback('!ban 0a1b2c3d');
    await bed.deliver(typed);
    await eventually(() => expect(moderator.faults().join()).toContain('Postgres does not answer'));
    expect(bed.reports()).toHaveLength(1);
    await proxy.heal();
    await eventually(() =>
      expect(bed.reports().at(-1)).toMatchObject({ callback_id: typed.id, result: 'done' }),
    );
    await eventually(() => expect(moderator.faults()).toEqual([]));
    expect(await bed.count('bans')).toBe(1);
  });

  it('of Postgres that outlasts the command has it answered as too old', async () => {
    const proxy = await proxyTo(bed.databaseUrl);
    await bed.launch({ DATABASE_URL: proxy.url(bed.databaseUrl) });
    await proxy.cut();
    // As if five minutes had gone by, less a few seconds, when the outage began.
    const typed = bed.callback('!ban 0a1b2c3d', { created_at: Math.floor(Date.now() / 1000) - 299 });
    await bed.deliver(typed);
    await eventually(() => expect(Date.now() / 1000 - typed.created_at).toBeGreaterThan(301));
    await proxy.heal();
    await eventually(() => expect(bed.reports().at(-1)).toMatchObject({ result: 'too-old' }));
    expect(await bed.count('bans')).toBe(0);
  });

  it('of a Postgres that says nothing does not keep it from stopping, and the command stays', async () => {
    const proxy = await proxyTo(bed.databaseUrl);
    const moderator = await bed.spawn({ DATABASE_URL: proxy.url(bed.databaseUrl) });
    await bed.type('!ping');
    proxy.stall();
    // All that is repeated gets stuck, and so does a command.
    await bed.deliver(bed.callback('!ping'));
    await bed.broker.publish(banListRequest, {}, { mandatory: false });
    expect(await moderator.stop()).toMatchObject({ exitCode: 0, signal: null });
    const connection = await connectAmqp(inject('brokerUrl'));
    bed.onDispose(() => connection.close());
    const channel = await connection.createChannel();
    const queue = queueName(moderatorCallbacksQueue, bed.namespace);
    await eventually(async () => expect((await channel.checkQueue(queue)).messageCount).toBe(1));
  });

  it('of the broker keeps what is committed and publishes it afterwards', async () => {
    const proxy = await proxyTo(inject('brokerUrl'));
    const moderator = await bed.launch({ RABBITMQ_URL: proxy.url(inject('brokerUrl')) });
    await bed.type('!ban 0a1b2c3d 1h');
    await proxy.cut();
    await eventually(() => expect(moderator.faults().join()).toContain('broker'));
    // A ban that runs out meanwhile is a change that has to be told.
    await bed.pool.query("update bans set until = now() - interval '1 second'");
    await eventually(async () =>
      expect(await bed.count('moderator_outbox', 'published_at is null')).toBeGreaterThan(0),
    );
    const before = bed.lists().at(-1);
    expect(before?.bans).toHaveLength(1);
    await proxy.heal();
    await eventually(() => expect(bed.lists().at(-1)).toMatchObject({ bans: [] }));
    expect(bed.lists().at(-1)?.version).toBeGreaterThan(before?.version ?? 0);
    await eventually(async () => expect(await bed.count('moderator_outbox', 'published_at is null')).toBe(0));
  });
});
