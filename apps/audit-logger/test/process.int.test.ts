import { startPostgres } from '@wbor/testkit';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestBed, eventually, publishPosts, type TestBed } from './test-bed.ts';

let bed: TestBed;
beforeEach(async () => {
  bed = await createTestBed();
});
afterEach(() => bed.dispose());

describe('the process', () => {
  it('loses and doubles nothing when it is killed in the middle of a thousand events', async () => {
    const first = await bed.spawn();
    await publishPosts(bed.broker, 0, 500);
    await bed.waitForRows('groupme_posts', 500);

    // A lock holds up the next insert, so that the kill hits a flush that is under way.
    const blocker = new pg.Client({ connectionString: bed.databaseUrl });
    await blocker.connect();
    await blocker.query('begin; lock table groupme_posts in access exclusive mode');
    await publishPosts(bed.broker, 500, 1000);
    await eventually(async () => {
      const { rows } = await bed.pool.query(
        "select 1 from pg_stat_activity where application_name = 'audit-logger' and wait_event_type = 'Lock'",
      );
      expect(rows).toHaveLength(1);
    });
    await first.kill();
    // Postgres may go on with the statement that waits, whose sender is gone: what it stores comes again.
    await blocker.query('rollback');
    await blocker.end();

    const second = await bed.spawn();
    await second.waitUntilReady();
    await bed.waitForRows('groupme_posts', 1000);
    expect(await second.stop()).toMatchObject({ exitCode: 0 });

    // What the broker had not yet counted as acknowledged comes again, and changes nothing.
    const third = await bed.spawn();
    await third.waitUntilReady();
    expect(await third.stop()).toMatchObject({ exitCode: 0 });
    expect(await bed.count('groupme_posts')).toBe(1000);
  });

  it('ends with one line that says what to do when the password is wrong', async () => {
    // One of our own, since the shared server may let everybody in.
    const postgres = await startPostgres({ private: true });
    try {
      await guardUser(postgres.url, 'guarded', 'the-password');
      const url = new URL(postgres.url);
      url.username = 'guarded';
      url.password = 'not-the-password';
      const child = await bed.spawn({ DATABASE_URL: url.href });
      expect(await child.exited).toMatchObject({ exitCode: 1 });
      const complaint = await child.waitForLog((line) => line.level === 'fatal');
      expect(complaint.error).toContain('password authentication failed');
      expect(complaint.error).toContain('check the user and the password in DATABASE_URL');
      expect(child.logs().filter((line) => line.level === 'fatal')).toHaveLength(1);
      expect(child.output()).not.toContain('not-the-password');
    } finally {
      await postgres.dispose();
    }
  });

  it('ends with one line that says what to do when the database does not exist', async () => {
    const url = new URL(bed.databaseUrl);
    url.pathname = '/no_such_database';
    const child = await bed.spawn({ DATABASE_URL: url.href });
    expect(await child.exited).toMatchObject({ exitCode: 1 });
    const complaint = await child.waitForLog((line) => line.level === 'fatal');
    expect(complaint.error).toContain('create the database');
  });
});

/** Makes a user of whom Postgres demands a password, whatever it demands of others. */
async function guardUser(serverUrl: string, user: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`create role ${user} login password '${password}'`);
    const { rows } = await client.query<{ hba_file: string }>('show hba_file');
    await client.query(
      `copy (values ('host all ${user} all scram-sha-256'), ('host all all all trust'), ('local all all trust'))
       to '${rows[0]?.hba_file}'`,
    );
    await client.query('select pg_reload_conf()');
    // Postgres reads the file a moment later: when it refuses a wrong password, it has.
    await eventually(() => expect(refusal(serverUrl, user)).resolves.toBe('28P01'));
  } finally {
    await client.end();
  }
}

async function refusal(serverUrl: string, user: string): Promise<unknown> {
  const url = new URL(serverUrl);
  url.username = user;
  url.password = 'wrong';
  const guarded = new pg.Client({ connectionString: url.href });
  try {
    await guarded.connect();
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  } finally {
    await guarded.end();
  }
}
