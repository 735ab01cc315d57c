import type { EventEmitter } from 'node:events';
import { shownUid } from '@wbor/contracts';
import { createDatabase as createTestDatabase, type TestDatabase } from '@wbor/testkit';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  createDatabase,
  DatabaseConfigurationError,
  eventTableColumns,
  MigrationError,
  migrateToLatest,
} from '../src/index.ts';
import { migrations } from '../src/migrations/index.ts';

let temporary: TestDatabase;
beforeEach(async () => {
  temporary = await createTestDatabase(inject('databaseUrl'));
});
afterEach(() => temporary.drop());

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('migrateToLatest', () => {
  it('runs every migration once when replicas start at the same moment', async () => {
    const runs = await Promise.all(
      Array.from({ length: 5 }, () => migrateToLatest({ connectionString: temporary.url })),
    );
    expect(runs.flat()).toEqual(Object.keys(migrations));
    expect(await migrateToLatest({ connectionString: temporary.url })).toEqual([]);
  });

  it('makes the tables that the types and the column lists describe', async () => {
    await migrateToLatest({ connectionString: temporary.url });
    const { db, close } = createDatabase({ connectionString: temporary.url });
    const { rows } = await sql<{ table_name: string; column_name: string; data_type: string }>`
      select table_name, column_name, data_type from information_schema.columns where table_schema = 'public'
    `.execute(db);
    await close();
    for (const [table, columns] of Object.entries(eventTableColumns)) {
      const found = rows
        .filter((row) => row.table_name === table && row.column_name !== 'received_at')
        .map((row) => [row.column_name, row.data_type.replace('timestamp with time zone', 'timestamptz')]);
      expect(Object.fromEntries(found), table).toEqual(columns);
    }
  });

  it('keeps the rows of a database of the first version, and tells their story as before', async () => {
    const [[name, first] = ['', undefined]] = Object.entries(migrations);
    if (!first) throw new Error('there is no migration');
    await migrateToLatest({ connectionString: temporary.url, migrations: { [name]: first } });
    const { db, close } = createDatabase({ connectionString: temporary.url });
    const readStory = async () => (await sql`select * from message_story`.execute(db)).rows;
    await sql`
      insert into groupme_posts (event_id, occurred_at, wbor_message_id, source, code, text, part, parts,
        attempt, outcome, sender, sender_name, duration_ms, error, payload)
      select gen_random_uuid(), now() + number * interval '1 second', 'old', 'ups', 202, 'text ' || number,
        number, 3, 1, 'delivered', '+12075551234', 'Ann', 80, 'none', '{"own": 1}'
      from generate_series(1, 3) as number`.execute(db);
    await sql`
      insert into groupme_echoes (event_id, occurred_at, groupme_id, group_id, sender_name, text, payload)
      values (gen_random_uuid(), now() + interval '2 seconds', '17', '1', 'WBOR', 'text 2', '{}')`.execute(
      db,
    );
    await sql`
      insert into groupme_images (event_id, occurred_at, wbor_message_id, source, image_url, content_type, bytes,
        sha256, sender, duration_ms, error, payload)
      values (gen_random_uuid(), now(), 'old', 'ups', 'https://example.org/a', 'image/png', 9, 'ab', 'x', 1, 'none',
        '{}')`.execute(db);
    await sql`
      insert into groupme_callbacks (event_id, occurred_at, wbor_message_id, groupme_id, group_id, sender,
        sender_name, sender_type, text, payload)
      values (gen_random_uuid(), now(), 'old', '18', '1', '7', 'Ann', 'user', 'hello', '{}')`.execute(db);
    const before = await readStory();
    expect(before).toHaveLength(6);

    const later = Object.keys(migrations).slice(1);
    expect(await migrateToLatest({ connectionString: temporary.url })).toEqual(later);
    // Migrations only add: the view has one column more.
    expect(await readStory()).toEqual(before.map((row) => ({ ...Object(row), uid: shownUid('old') })));
    const posts = await db.selectFrom('groupme_posts').select(['part', 'evidence', 'payload']).execute();
    expect(posts.toSorted((a, b) => Number(a.part) - Number(b.part))).toEqual(
      [1, 2, 3].map((part) => ({ part, evidence: null, payload: { own: 1 } })),
    );
    await close();
  });

  it('says what to do about a user that Postgres refuses, without saying the password', async () => {
    const url = new URL(temporary.url);
    url.username = 'no_such_user';
    url.password = 'not-the-password';
    const error = await failureOf(migrateToLatest({ connectionString: url.href, ...patient() }));
    expect(error).toBeInstanceOf(DatabaseConfigurationError);
    expect(error).toMatchObject({ code: 'ACCESS_REFUSED', message: expect.stringContaining('DATABASE_URL') });
    expect(String(error)).not.toContain('not-the-password');
  });

  it('says what to do about a database that does not exist', async () => {
    const url = new URL(temporary.url);
    url.pathname = '/no_such_database';
    const error = await failureOf(migrateToLatest({ connectionString: url.href, ...patient() }));
    expect(error).toMatchObject({
      code: 'NO_DATABASE',
      message: expect.stringContaining('create the database'),
    });
  });

  it('runs on a database that newer code has migrated, and says so', async () => {
    const newer = { ...migrations, '9999_from_the_future': { up: async () => undefined } };
    await migrateToLatest({ connectionString: temporary.url, migrations: newer });
    const told: string[] = [];
    const options = { onNewerSchema: (names: readonly string[]) => told.push(...names) };
    expect(await migrateToLatest({ connectionString: temporary.url, ...options, ...patient() })).toEqual([]);
    expect(told).toEqual(['9999_from_the_future']);
  });

  it('refuses a database that others have migrated before it had all of ours', async () => {
    const [[name, first] = ['', undefined]] = Object.entries(migrations);
    if (!first) throw new Error('there is no migration');
    const others = { [name]: first, '9999_from_elsewhere': { up: async () => undefined } };
    await migrateToLatest({ connectionString: temporary.url, migrations: others });
    const error = await failureOf(migrateToLatest({ connectionString: temporary.url, ...patient() }));
    expect(error).toMatchObject({
      code: 'FOREIGN_SCHEMA',
      message: expect.stringContaining('9999_from_elsewhere'),
    });
  });

  it('rolls back a migration that fails, and names it', async () => {
    const broken = {
      '0001_broken': {
        up: async (db: Parameters<(typeof migrations)[string]['up']>[0]) => {
          await sql`create table half_done (id int)`.execute(db);
          await sql`select * from no_such_table`.execute(db);
        },
      },
    };
    const error = await failureOf(
      migrateToLatest({ connectionString: temporary.url, migrations: broken, ...patient() }),
    );
    expect(error).toBeInstanceOf(MigrationError);
    expect(String(error)).toContain('0001_broken');
    expect(await migrateToLatest({ connectionString: temporary.url })).toEqual(Object.keys(migrations));
  });

  it('fails at once when Postgres is away and nobody asked to wait', async () => {
    const error = await failureOf(migrateToLatest({ connectionString: 'postgres://x:y@127.0.0.1:1/z' }));
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('tries again while Postgres is away, until it is told to stop', async () => {
    const stop = new AbortController();
    let tries = 0;
    const error = await failureOf(
      migrateToLatest({
        connectionString: 'postgres://x:y@127.0.0.1:1/z',
        waitForDatabase: {
          signal: stop.signal,
          backOffMs: () => 1,
          onUnavailable: () => {
            tries += 1;
            if (tries === 3) stop.abort();
          },
        },
      }),
    );
    expect(tries).toBe(3);
    expect(error).toMatchObject({ name: 'AbortError' });
  });
});

describe('createDatabase', () => {
  it('survives a session that Postgres ends between two statements of a transaction', async () => {
    const { db, pool, close } = createDatabase({ connectionString: temporary.url });
    let client: EventEmitter | undefined;
    pool.once('connect', (connected) => {
      client = connected;
    });
    const failure = await failureOf(
      db.transaction().execute(async (transaction) => {
        const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction);
        const ended = new Promise((resolve) => client?.once('end', resolve));
        await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(db);
        await ended;
        await sql`select 1`.execute(transaction);
      }),
    );
    expect(failure).toBeInstanceOf(Error);
    // The pool is none the worse for it.
    await sql`select 1`.execute(db);
    await close();
  });

  it('reports the loss of an idle session and goes on', async () => {
    const lost = Promise.withResolvers<Error>();
    const { db, close } = createDatabase({ connectionString: temporary.url, onIdleError: lost.resolve });
    const other = createDatabase({ connectionString: temporary.url });
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(other.db);
    expect(await lost.promise).toMatchObject({ code: '57P01' });
    await sql`select 1`.execute(db);
    await Promise.all([close(), other.close()]);
  });
});

/** Waiting must not hide a fault that no wait can cure. */
function patient() {
  return {
    waitForDatabase: {
      signal: new AbortController().signal,
      onUnavailable: (error: unknown) => {
        throw error;
      },
    },
  };
}
