import { startPostgres, type TestPostgres } from '@wbor/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startSystemUnderTest } from './system-under-test.ts';

// A server of its own: on the shared one other files have databases too.
let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startPostgres({ private: true });
});
afterAll(() => postgres?.dispose());

/** A database is gone only after everything that came before it in the clearing away. */
async function databases(): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'");
  await client.end();
  return rows.map((row) => String(row.datname));
}

it('leaves nothing behind when a service does not start', async () => {
  const options = { brokerUrl: inject('brokerUrl'), databaseUrl: postgres.url };
  await expect(startSystemUnderTest({ ...options, relayEnv: { GROUPME_BOT_ID: '' } })).rejects.toMatchObject({
    code: 'BOOT_FAILED',
  });
  expect(await databases()).toEqual([]);
});

it('is stopped past a part that cannot be, and only once', async () => {
  const system = await startSystemUnderTest({ brokerUrl: inject('brokerUrl'), databaseUrl: postgres.url });
  expect(await databases()).toHaveLength(1);
  system.onStop(() => Promise.reject(new Error('stuck')));
  await expect(system.stop()).rejects.toMatchObject({ errors: [new Error('stuck')] });
  expect(await databases()).toEqual([]);
  await system.stop();
});
