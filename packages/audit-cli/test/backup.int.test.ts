import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  createDatabase,
  insertEvents,
  makeMonths,
  migrateToLatest,
  monthStart,
  seedPosts,
} from '@wbor/database';
import { type DebianPostgres, repoRoot, startDebianPostgres } from '@wbor/testkit';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';

let debian: DebianPostgres | undefined;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wbor-backup-'));
  debian = await startDebianPostgres().catch((error: unknown) => {
    process.stderr.write(`[pg_dump] not tried: ${String(error)}\n`);
    return undefined;
  });
}, 180_000);
afterAll(async () => {
  await debian?.postgres.dispose();
  await rm(folder, { recursive: true, force: true });
});
beforeEach((context) => {
  if (debian === undefined) context.skip('there is no pg_dump for this machine');
});

/** Runs the command of docs/backup.md that begins so, as it stands there. */
async function runFromGuide(program: string, databaseUrl: string): Promise<void> {
  const guide = await readFile(join(repoRoot, 'docs/backup.md'), 'utf8');
  const [, command] = new RegExp(`^\`\`\`sh\n(${program} .*)\n\`\`\`$`, 'm').exec(guide) ?? [];
  expect(command, program).toBeDefined();
  await promisify(execFile)('sh', ['-c', command ?? ''], {
    cwd: folder,
    env: { ...debian?.env, DATABASE_URL: databaseUrl },
  });
}

/** All that people ask the database for. */
async function readAll(connectionString: string): Promise<Record<string, unknown[]>> {
  const { close, pool } = createDatabase({ connectionString, maxConnections: 1 });
  try {
    const answers: Record<string, unknown[]> = {};
    for (const query of [
      'message_story order by wbor_message_id, occurred_at, kind, part, attempt',
      'groupme_callbacks order by event_id',
      'stats_by_sender order by sender',
      'stats_by_day order by day',
      'stats_by_source order by source',
      'bans order by id',
      'moderator_outbox order by id',
      'audit_rejected order by event_id',
    ])
      answers[query] = (await pool.query(`select * from ${query}`)).rows;
    answers.partitions = (
      await pool.query(
        'select tableoid::regclass::text as part, count(*) from groupme_posts group by 1 order by 1',
      )
    ).rows;
    return answers;
  } finally {
    await close();
  }
}

async function fill(connectionString: string): Promise<void> {
  await migrateToLatest({ connectionString });
  const { close, db, pool } = createDatabase({ connectionString, maxConnections: 1 });
  try {
    await makeMonths(db, monthStart(new Date(), -24), new Date());
    await seedPosts(db, 1_000);
    await pool.query(`
      insert into groupme_echoes (event_id, occurred_at, groupme_id, text, picture_url, payload)
        select gen_random_uuid(), occurred_at + interval '1 second', left(wbor_message_id, 8), text, picture_url, '{"a": 1}'
        from groupme_posts where code = 202 limit 200;
      insert into groupme_images (event_id, occurred_at, wbor_message_id, picture_url, payload)
        select gen_random_uuid(), occurred_at, wbor_message_id, picture_url, '{}' from groupme_posts where picture_url is not null;
      insert into groupme_callbacks (event_id, occurred_at, text, payload) values (gen_random_uuid(), now(), 'naïve ☎', '{}');
      insert into bans (id, sender, banned_at, banned_by) values (gen_random_uuid(), '+12075550123', now(), '77');
      insert into moderator_outbox (message_id, routing_key, body, mandatory)
        values (gen_random_uuid(), 'source.standard.command', '{"body": "promised"}', true);
      insert into audit_rejected (event_id, routing_key, headers, body, error)
        values (gen_random_uuid(), 'x', '{}', '\\x00ff', 'no JSON')`);
  } finally {
    await close();
  }
}

it('a database that is dumped, wiped and restored tells the same story of each message, and goes on', async () => {
  if (debian === undefined) return;
  const before = await debian.postgres.createDatabase();
  await fill(before.url);
  const told = await readAll(before.url);
  expect(
    told['message_story order by wbor_message_id, occurred_at, kind, part, attempt']?.length,
  ).toBeGreaterThan(1_100);
  await runFromGuide('pg_dump', before.url);
  await before.drop();

  const restored = await debian.postgres.createDatabase();
  await runFromGuide('pg_restore', restored.url);
  expect(await readAll(restored.url)).toEqual(told);
  expect(await migrateToLatest({ connectionString: restored.url })).toEqual([]);

  // What is delivered again is one row still, and what is new is counted.
  const { close, db, pool } = createDatabase({ connectionString: restored.url, maxConnections: 1 });
  onTestFinished(close);
  const messages = async () =>
    Number((await pool.query('select messages from stats_overall')).rows[0].messages);
  const { rows } = await pool.query('select * from groupme_posts limit 1');
  expect(await insertEvents(db, 'groupme_posts', rows)).toBe(0);
  const id = '0a1b2c3d-1111-4222-8333-444455556666';
  expect(await insertEvents(db, 'groupme_posts', [{ ...rows[0], event_id: id, wbor_message_id: id }])).toBe(
    1,
  );
  expect(await messages()).toBe(1_001);
});
