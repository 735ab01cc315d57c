import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDatabase as createTestDatabase,
  makeCertificates,
  startPgbouncer,
  startPostgres,
  type TestPostgres,
  unpackPackages,
} from '@wbor/testkit';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { createDatabase, DatabaseConfigurationError, migrateToLatest } from '../src/index.ts';

describe('with TLS', () => {
  let postgres: TestPostgres;
  let folder: string;
  beforeAll(async () => {
    const [ours, others] = await Promise.all([makeCertificates('localhost'), makeCertificates('localhost')]);
    folder = await mkdtemp(join(tmpdir(), 'wbor-tls-'));
    await writeFile(join(folder, 'ours.pem'), ours.authority.cert);
    await writeFile(join(folder, 'others.pem'), others.authority.cert);
    postgres = await startPostgres({ private: true, tls: ours.server });
  });
  afterAll(async () => {
    await postgres?.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  function urlFor({ authority = 'ours.pem', host = 'localhost' } = {}): string {
    const url = new URL(postgres.url);
    url.hostname = host;
    url.searchParams.set('sslmode', 'verify-full');
    url.searchParams.set('sslrootcert', join(folder, authority));
    return url.href;
  }

  it('verify-full connects with a certificate of the authority for the name, and encrypts', async () => {
    await migrateToLatest({ connectionString: urlFor() });
    const { close, db } = createDatabase({ connectionString: urlFor() });
    const { rows } = await sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`.execute(db);
    await close();
    expect(rows).toEqual([{ ssl: true }]);
  });

  it.each([
    ['an authority that did not sign it', { authority: 'others.pem' }],
    ['another host', { host: '127.0.0.1' }],
    ['a file that is not there', { authority: 'none.pem' }],
  ])('verify-full refuses %s, and says what to look at', async (_, of) => {
    await expectRefusal(urlFor(of), 'NOT_TRUSTED', 'sslrootcert');
  });

  it('a server without TLS is refused where it is asked for', async () => {
    const url = new URL(inject('databaseUrl'));
    url.searchParams.set('sslmode', 'verify-full');
    await expectRefusal(url.href, 'NOT_TRUSTED', 'sslmode');
  });
});

/** Nobody waits for it to become another: it is no outage. */
async function expectRefusal(connectionString: string, code: string, words: string): Promise<void> {
  const error = await migrateToLatest({
    connectionString,
    waitForDatabase: { signal: AbortSignal.timeout(10_000), onUnavailable: () => undefined },
  }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DatabaseConfigurationError);
  expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
}

describe('a pooler in transaction mode', () => {
  let missing: string | undefined;
  beforeAll(async () => {
    await unpackPackages({ name: 'pgbouncer' }).catch((error: unknown) => {
      missing = String(error);
      process.stderr.write(`[pgbouncer] not tried: ${missing}\n`);
    });
  }, 120_000);
  beforeEach((context) => {
    if (missing !== undefined) context.skip('there is no pgbouncer package for this machine');
  });

  it.each([
    ['as it comes', {}],
    [
      'that is told to ignore our time-outs',
      { ignore_startup_parameters: 'statement_timeout,idle_in_transaction_session_timeout' },
    ],
  ])('%s is refused, and it is said why', async (_, settings) => {
    const pooler = await startPgbouncer(inject('databaseUrl'), settings);
    onTestFinished(() => pooler.dispose());
    await expectRefusal(pooler.url(inject('databaseUrl')), 'POOLED', 'name Postgres itself');
  });
});

it('a connection to a server that can no longer be written to is replaced by itself', async () => {
  const database = await createTestDatabase(inject('databaseUrl'));
  onTestFinished(() => database.drop());
  const { close, db } = createDatabase({
    connectionString: database.url,
    maxConnections: 1,
    maxLifetimeSeconds: 1,
  });
  onTestFinished(close);
  const pid = async () =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid;
  const first = await pid();
  // Busy all the time, as that of a service which tries again and again.
  const until = Date.now() + 10_000;
  let last = first;
  while (last === first && Date.now() < until) last = await pid();
  expect(last).not.toBe(first);
});
