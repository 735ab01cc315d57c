import { setTimeout as pause } from 'node:timers/promises';
import { type Kysely, sql, type Transaction } from 'kysely';
import { readSqlState } from '../classify-error.ts';
import type { Database } from '../tables.ts';

const LOCK_NOT_AVAILABLE = '55P03';
const MAX_TRIES = 20;
const PAUSE_MS = 1_000;

/**
 * Runs work in a transaction that waits a second for a lock at most, and tries again: inserts wait behind whoever waits for
 * a table, and an export may read for minutes.
 *
 * @throws the last refusal after twenty tries.
 */
export async function withShortLocks<Result>(
  db: Kysely<Database>,
  work: (transaction: Transaction<Database>) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await db.transaction().execute(async (transaction) => {
        await sql`set local lock_timeout = '1s'`.execute(transaction);
        return await work(transaction);
      });
    } catch (error) {
      if (readSqlState(error) !== LOCK_NOT_AVAILABLE || tries === MAX_TRIES) throw error;
      await pause(PAUSE_MS);
    }
  }
}
