import { parseCommandLine, runCommandLine, UsageError } from '@wbor/command-line';
import { sql } from 'kysely';
import { createDatabase } from '../create-database.ts';
import { migrateToLatest } from '../migrate.ts';
import { seedPosts } from './seed-posts.ts';

const USAGE = `npm run seed [-- --rows N]: fills the database of DATABASE_URL with N posts (default 100000), for measuring.

Never run it on a database that people use: the posts are made up, and counted like real ones.
`;

interface Seed {
  readonly rows: number;
  readonly connectionString: string;
}

/** @throws UsageError */
function parse(args: readonly string[]): Seed | 'help' {
  const { values } = parseCommandLine(args, {
    options: { rows: { type: 'string', default: '100000' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) return 'help';
  const rows = Number(values.rows);
  if (!Number.isSafeInteger(rows) || rows < 1) throw new UsageError('--rows takes a whole number from 1 on');
  const connectionString = process.env.DATABASE_URL;
  if (!connectionString) throw new UsageError('DATABASE_URL is not set');
  return { rows, connectionString };
}

async function run({ connectionString, rows }: Seed): Promise<number> {
  await migrateToLatest({ connectionString });
  const { close, db } = createDatabase({ connectionString, statementTimeoutMs: 600_000 });
  try {
    const startedAt = performance.now();
    await seedPosts(db, rows, (done) => {
      process.stdout.write(`${done} rows, ${Math.round((performance.now() - startedAt) / 1000)} s\n`);
    });
    await sql`analyze`.execute(db);
    return 0;
  } finally {
    await close();
  }
}

process.exitCode = await runCommandLine({ name: 'seed', usage: USAGE, parse, run });
