import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startPostgres, startTcpProxy, type TestPostgres } from '@wbor/testkit';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { createTestBed, eventually, publishPosts } from './test-bed.ts';

/** A server on a folder of its own; with `of`, a standby with the data of that one, which is stopped meanwhile. */
async function startServer(of?: { postgres: TestPostgres; dataDir: string }) {
  const dataDir = await mkdtemp(join(tmpdir(), 'wbor-failover-'));
  if (of !== undefined) {
    await of.postgres.stop();
    // With the owner, who must be the user that the server runs as.
    await promisify(execFile)('cp', ['-a', join(of.dataDir, 'data'), dataDir]);
    await of.postgres.start();
    await writeFile(join(dataDir, 'data', 'standby.signal'), '');
  }
  const postgres = await startPostgres({ private: true, dataDir });
  onTestFinished(async () => {
    await postgres.dispose();
    await rm(dataDir, { recursive: true, force: true });
  });
  return { postgres, dataDir };
}

it('waits for a standby to be promoted, and stores each event once', async () => {
  const primary = await startServer();
  const bed = await createTestBed(primary.postgres.url);
  onTestFinished(() => bed.dispose());
  // The address that a managed Postgres keeps: read anew at each connection.
  const target = { host: '127.0.0.1', port: Number(new URL(primary.postgres.url).port) };
  const proxy = await startTcpProxy({ target });
  onTestFinished(() => proxy.dispose());
  const service = bed.launch({ databaseUrl: proxy.url(bed.databaseUrl), probeEveryMs: 100 });
  await service.started;
  await publishPosts(bed.broker, 0, 10);
  await bed.waitForRows('groupme_posts', 10);

  const standby = await startServer(primary);
  target.port = Number(new URL(standby.postgres.url).port);
  await proxy.cut();
  await proxy.heal();
  // Before there is anything to store.
  await eventually(() => expect(service.faults().join()).toContain('read-only'));
  await publishPosts(bed.broker, 10, 20);
  await eventually(() => expect(service.faults().join()).toContain('25006'));
  expect(await service.metric('audit_parked_total')).toBe(0);

  const url = new URL(standby.postgres.url);
  url.pathname = new URL(bed.databaseUrl).pathname;
  const promoted = new pg.Pool({ connectionString: url.href });
  onTestFinished(() => promoted.end());
  // The server ends before it does.
  promoted.on('error', () => {});
  await promoted.query('select pg_promote()');
  await eventually(async () => {
    const { rows } = await promoted.query(
      'select (select count(*)::int from groupme_posts) as stored, (select count(*)::int from audit_rejected) as rejected',
    );
    expect(rows).toEqual([{ stored: 20, rejected: 0 }]);
    expect(service.faults()).toEqual([]);
  });
});
