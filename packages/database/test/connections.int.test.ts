import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  createDatabase as createTestDatabase,
  startTcpProxy,
  type TestDatabase,
  waitFor,
} from '@wbor/testkit';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, inject, it, onTestFinished } from 'vitest';
import { createDatabase, type DatabaseHandle, insertEvents, migrateToLatest } from '../src/index.ts';

let temporary: TestDatabase;
beforeEach(async () => {
  temporary = await createTestDatabase(inject('databaseUrl'));
});
afterEach(() => temporary.drop());

function open(options: Partial<Parameters<typeof createDatabase>[0]> = {}): DatabaseHandle {
  const handle = createDatabase({ connectionString: temporary.url, ...options });
  onTestFinished(() => handle.close());
  return handle;
}

function post(eventId: string) {
  return {
    event_id: eventId,
    occurred_at: new Date(),
    wbor_message_id: eventId,
    source: 'ups',
    code: 202,
    bot: null,
    payload: {},
  };
}

it('does not let a writer that is frozen in its transaction hold up the others', async () => {
  await migrateToLatest({ connectionString: temporary.url });
  const { db } = open();
  const frozen = spawn(process.execPath, [
    fileURLToPath(new URL('./frozen-writer.ts', import.meta.url)),
    temporary.url,
    '500',
    randomUUID(),
  ]);
  const exited = once(frozen, 'exit');
  onTestFinished(() => void frozen.kill('SIGKILL'));
  const idle = async () =>
    (
      await sql<{ count: string }>`select count(*) from pg_locks
        join pg_stat_activity using (pid)
        where relation = 'message_counts'::regclass and mode = 'RowExclusiveLock' and pid <> pg_backend_pid()
          and state = 'idle in transaction'`.execute(db)
    ).rows[0]?.count;
  await waitFor(async () => (await idle()) === '1', { what: 'the writer to freeze', timeoutMs: 20_000 });

  const eventId = randomUUID();
  expect(await insertEvents(db, 'groupme_posts', [post(eventId)])).toBe(1);

  frozen.kill('SIGCONT');
  expect(await exited).toEqual([3, null]);
  expect(await db.selectFrom('groupme_posts').select('event_id').execute()).toEqual([{ event_id: eventId }]);
});

it('has Postgres end such a session after 30 seconds unless told otherwise', async () => {
  const { db } = open();
  const { rows } = await sql`show idle_in_transaction_session_timeout`.execute(db);
  expect(rows).toEqual([{ idle_in_transaction_session_timeout: '30s' }]);
});

it('gives up a connection on which Postgres has gone silent, instead of waiting on it again', async () => {
  const proxy = await startTcpProxy({ target: temporary.url });
  onTestFinished(() => proxy.dispose());
  const { db, pool } = open({
    connectionString: proxy.url(temporary.url),
    maxConnections: 1,
    statementTimeoutMs: 200,
  });
  const pidOf = async () =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid;
  const first = await pidOf();
  proxy.stall();
  await expect(pidOf()).rejects.toThrow('Query read timeout');
  await expect(pidOf()).rejects.toThrow();
  expect(pool.totalCount).toBe(0);
  await proxy.heal();
  expect(await pidOf()).not.toBe(first);
}, 30_000);
