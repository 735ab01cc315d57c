import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { migrateToLatest } from '@wbor/database';
import { createDatabase } from '@wbor/testkit';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';

/** Runs `audit` as a process of its own, with these settings only. Never rejects for its exit code. */
export async function runAudit(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const { PATH, HOME } = process.env;
  const options = { env: { PATH, HOME, ...env }, maxBuffer: 2 ** 28 };
  const file = join(import.meta.dirname, '../src/main.ts');
  try {
    return { ...(await promisify(execFile)(process.execPath, [file, ...args], options)), code: 0 };
  } catch (error) {
    const { code, stderr, stdout } = error as { stdout: string; stderr: string; code: number };
    return { stdout, stderr, code };
  }
}

/** A migrated database of one test. */
export async function openAuditDatabase() {
  const database = await createDatabase(inject('databaseUrl'));
  await migrateToLatest({ connectionString: database.url });
  const pool = new pg.Pool({ connectionString: database.url });
  onTestFinished(async () => {
    await pool.end();
    await database.drop();
  });
  return { url: database.url, pool };
}
