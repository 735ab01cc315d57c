import process from 'node:process';
import { parseArgs } from 'node:util';
import { seekNumber } from '@wbor/phone';
import { startPostgres } from '@wbor/testkit';
import type { Kysely } from 'kysely';
import {
  createDatabase,
  type Database,
  forgetSender,
  makeMonths,
  migrateToLatest,
  monthStart,
  retainAudit,
  seedPosts,
} from './src/index.ts';
import { insertEvents } from './src/insert-events.ts';
import { migrations } from './src/migrations/index.ts';
import { dropMonths } from './src/retention/month-partitions.ts';
import { firstIdAt } from './src/retention/months.ts';

// Measures, on a Postgres of its own (or that of DATABASE_URL, which must be for measuring only): how long inserts wait for the
// migration to partitions, how long `forget` takes, and how long months take to go. With --data-dir and a folder that
// `apps/moderator/measure.ts --months` has filled, that is used, and afterwards it can be asked again.
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '100000' },
    'data-dir': { type: 'string' },
    migration: { type: 'boolean' },
  },
});
const rows = Number(values.rows);
const dataDir = values['data-dir'];
const postgres = await startPostgres(dataDir === undefined ? {} : { dataDir });
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const open = (url: string) =>
  createDatabase({ connectionString: url, maxConnections: 2, statementTimeoutMs: 3_600_000 });

async function timed<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const result = await work();
  say(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(2)} s`);
  return result;
}

/** Inserts a post after the other while `work` runs, and says how long the slowest took. */
async function besideInserts<Result>(db: Kysely<Database>, work: () => Promise<Result>): Promise<Result> {
  let slowestMs = 0;
  let count = 0;
  let isOver = false;
  const inserts = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      const id = `${firstIdAt(new Date()).slice(0, 14)}7${crypto.randomUUID().slice(15)}`;
      const row = { event_id: id, occurred_at: new Date(), wbor_message_id: id, payload: {} };
      await insertEvents(db, 'groupme_posts', [
        row as Parameters<typeof insertEvents<'groupme_posts'>>[2][0],
      ]);
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      count += 1;
    }
  })();
  try {
    return await work();
  } finally {
    isOver = true;
    await inserts;
    say(`  inserts meanwhile: ${count}, the slowest ${slowestMs.toFixed(0)} ms`);
  }
}

async function measureMigration(): Promise<void> {
  const database = await postgres.createDatabase();
  const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0009'));
  await migrateToLatest({ connectionString: database.url, migrations: before });
  const { close, db, pool } = open(database.url);
  // Counting them takes long, and tells nothing here.
  await pool.query('alter table groupme_posts disable trigger count_posts');
  await timed(`seeding ${rows} posts`, () => seedPosts(db, rows));
  await pool.query('alter table groupme_posts enable trigger count_posts');
  await pool.query('vacuum analyze groupme_posts');
  await besideInserts(db, () =>
    timed('migration 0009', () => migrateToLatest({ connectionString: database.url })),
  );
  const now = new Date();
  await besideInserts(db, () =>
    timed('the first months, beside a default partition that is full', () =>
      makeMonths(db, now, monthStart(now, 3)),
    ),
  );
  await close();
  await database.drop();
}

async function measureRetention(): Promise<void> {
  await migrateToLatest({ connectionString: postgres.url });
  const { close, db, pool } = open(postgres.url);
  const now = new Date();
  const { rows: counted } = await pool.query('select count(*)::int as count from groupme_posts');
  if (counted[0].count < rows) {
    await makeMonths(db, monthStart(now, -121), now);
    await timed(`seeding ${rows} posts`, () => seedPosts(db, rows));
    await pool.query('vacuum analyze');
  }
  const { rows: senders } = await pool.query(
    'select sender from groupme_posts where sender is not null limit 1',
  );
  const sought = seekNumber(senders[0].sender, 'US');
  if (sought === undefined) throw new Error('the seeds have no number');
  await timed('forget --dry-run', () =>
    forgetSender(db, sought, { liftBan: false, dryRun: true, messages: {} }),
  );
  await besideInserts(db, async () => {
    const dropped = await timed('dropping all partitions but those of two years', () =>
      dropMonths(db, monthStart(now, -24)),
    );
    say(`  dropped ${dropped.length} partitions`);
  });
  const oneYear = { now, auditFrom: monthStart(now, -12), chatFrom: undefined, dryRun: false };
  const allButLast = { ...oneYear, auditFrom: monthStart(now) };
  for (const limits of [oneYear, allButLast]) {
    const result = await besideInserts(db, () =>
      timed(`retain from ${limits.auditFrom.toISOString()}`, () => retainAudit(db, limits)),
    );
    say(`  dropped ${result.dropped.length} partitions, deleted ${JSON.stringify(result.deleted)}`);
  }
  await close();
}

try {
  await (values.migration ? measureMigration() : measureRetention());
} finally {
  await postgres.dispose();
}
