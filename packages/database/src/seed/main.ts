import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import { createDatabase } from '../create-database.ts';
import { migrateToLatest } from '../migrate.ts';
import { seedPosts } from './seed-posts.ts';

const USAGE = `npm run seed [-- --rows N]: fills the database of DATABASE_URL with N posts (default 100000), for measuring.

Never run it on a database that people use: the posts are made up, and counted like real ones.
`;

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '100000' }, help: { type: 'boolean', short: 'h' } },
});
const rows = Number(values.rows);
const connectionString = process.env.DATABASE_URL;
if (values.help || !connectionString || !Number.isSafeInteger(rows) || rows < 1) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

await migrateToLatest({ connectionString });
const { close, db } = createDatabase({ connectionString, statementTimeoutMs: 600_000 });
try {
  const startedAt = performance.now();
  await seedPosts(db, rows, (done) => {
    process.stdout.write(`${done} rows, ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
  });
  await sql`analyze`.execute(db);
} finally {
  await close();
}
