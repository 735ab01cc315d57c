import { startPostgres, startTcpProxy, type TcpProxy } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countQueued, createTestBed, eventually, publishPosts, type TestBed } from './test-bed.ts';

let bed: TestBed;
let proxy: TcpProxy;
let proxiedUrl: string;
beforeEach(async () => {
  bed = await createTestBed();
  proxy = await startTcpProxy({ target: bed.databaseUrl });
  proxiedUrl = proxy.url(bed.databaseUrl);
  bed.onDispose(() => proxy.dispose());
});
afterEach(() => bed.dispose());

describe('while Postgres is away', () => {
  it('the service starts, says why it is not ready, and works once Postgres is there', async () => {
    await proxy.cut();
    const service = bed.launch({ databaseUrl: proxiedUrl });
    await publishPosts(bed.broker, 0, 10);
    await eventually(() => expect(service.faults().join()).toContain('ECONNREFUSED'));
    await proxy.heal();
    await service.started;
    expect(service.faults()).toEqual([]);
    await bed.waitForRows('groupme_posts', 10);
  });

  it('keeps events, unacknowledged, and stores each once when it is back', async () => {
    const service = bed.launch({ databaseUrl: proxiedUrl });
    await service.started;
    await publishPosts(bed.broker, 0, 400);
    await bed.waitForRows('groupme_posts', 100);
    await proxy.cut();
    await publishPosts(bed.broker, 400, 1000);
    await eventually(async () =>
      expect(await service.metric('audit_flush_failures_total')).toBeGreaterThan(3),
    );
    expect(service.faults().join()).toContain('Postgres does not take events');
    expect(await service.metric('audit_lag_seconds')).toBeGreaterThan(0);
    // One line per change of state, however often it was tried.
    expect(service.logged('Postgres does not take events')).toHaveLength(1);

    await proxy.heal();
    await bed.waitForRows('groupme_posts', 1000);
    expect(await bed.count('groupme_posts')).toBe(1000);
    expect(service.logged('Postgres answers again')).toHaveLength(1);
    expect(service.faults()).toEqual([]);
    expect(await bed.count('audit_rejected')).toBe(0);
  });

  it('survives sessions that Postgres ends under its hands', async () => {
    const service = bed.launch();
    await service.started;
    for (let round = 0; round < 5; round += 1) {
      await publishPosts(bed.broker, round * 200, round * 200 + 200);
      await bed.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where application_name = 'audit-logger' and datname = current_database()`,
      );
    }
    await bed.waitForRows('groupme_posts', 1000);
    expect(await bed.count('groupme_posts')).toBe(1000);
  });

  it('gives messages back to the broker in a long outage, and consumes again afterwards', async () => {
    const service = bed.launch({ databaseUrl: proxiedUrl, pauseAfterMs: 300 });
    await service.started;
    await proxy.cut();
    await publishPosts(bed.broker, 0, 600);
    await eventually(() => expect(service.logged('stopped consuming')).toHaveLength(1));
    // Nothing is held: all of it could go to another replica.
    await eventually(async () => expect(await countQueued(bed)).toBe(600));
    expect(service.faults()).toContain('not consuming until Postgres answers');

    await proxy.heal();
    await bed.waitForRows('groupme_posts', 600);
    expect(service.logged('consuming again')).toHaveLength(1);
    await eventually(() => expect(service.faults()).toEqual([]));
  });

  it('says so although there is nothing to store, and when it is back', async () => {
    const service = bed.launch({ databaseUrl: proxiedUrl, probeEveryMs: 100 });
    await service.started;
    expect(service.faults()).toEqual([]);
    await proxy.cut();
    await eventually(() => expect(service.faults().join()).toContain('Postgres does not take events'));
    await proxy.heal();
    await eventually(() => expect(service.faults()).toEqual([]));
    expect(service.logged('Postgres does not take events')).toHaveLength(1);
    expect(service.logged('Postgres answers again')).toHaveLength(1);
  });

  it('says so as long as it takes no events, though it answers', async () => {
    const service = bed.launch({ databaseUrl: proxiedUrl, probeEveryMs: 100 });
    await service.started;
    await proxy.cut();
    await eventually(() => expect(service.faults().join()).toContain('Postgres does not take events'));
    await bed.pool.query(`
      create function fill_disk() returns trigger language plpgsql
        as $$ begin raise exception 'no space left on device' using errcode = 'disk_full'; end $$;
      create trigger full_disk before insert on groupme_posts for each row execute function fill_disk()`);
    await proxy.heal();
    await eventually(() => expect(service.logged('Postgres answers again')).toHaveLength(1));
    await publishPosts(bed.broker, 0, 1);
    await eventually(() => expect(service.logged('Postgres does not take events')).toHaveLength(2));
    // As many probes as there are tries, all of them answered.
    const failures = await service.metric('audit_flush_failures_total');
    await eventually(async () =>
      expect(await service.metric('audit_flush_failures_total')).toBeGreaterThan(failures + 10),
    );
    expect(service.logged('Postgres does not take events')).toHaveLength(2);
    await bed.pool.query('drop trigger full_disk on groupme_posts');
    await bed.waitForRows('groupme_posts', 1);
  });

  it('stops in spite of it, and leaves the events on the queue', async () => {
    const service = bed.launch({ databaseUrl: proxiedUrl });
    await service.started;
    await proxy.cut();
    await publishPosts(bed.broker, 0, 20);
    await eventually(() => expect(service.faults().join()).toContain('Postgres'));
    await service.stop();
    await eventually(async () => expect(await countQueued(bed)).toBe(20));
    expect(await bed.count('groupme_posts')).toBe(0);
  });
});

it('stores each event once when Postgres itself is stopped and started in the middle', async ({ skip }) => {
  const postgres = await startPostgres({ private: true });
  try {
    skip(!postgres.owned, `this Postgres cannot be stopped: ${postgres.how}`);
    const own = await createTestBed(postgres.url);
    try {
      const service = own.launch();
      await service.started;
      await publishPosts(own.broker, 0, 400);
      await own.waitForRows('groupme_posts', 100);
      await postgres.stop();
      await publishPosts(own.broker, 400, 1000);
      await eventually(async () =>
        expect(await service.metric('audit_flush_failures_total')).toBeGreaterThan(1),
      );
      await postgres.start();
      await own.waitForRows('groupme_posts', 1000);
      expect(await own.count('groupme_posts')).toBe(1000);
      expect(await own.count('audit_rejected')).toBe(0);
    } finally {
      await own.dispose();
    }
  } finally {
    await postgres.dispose();
  }
});
