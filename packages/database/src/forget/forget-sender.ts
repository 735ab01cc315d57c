import type { SoughtNumber } from '@wbor/phone';
import { type Kysely, sql } from 'kysely';
import { readSqlState } from '../classify-error.ts';
import { RemovalError } from '../errors.ts';
import type { Database } from '../tables.ts';
import { blankBans } from './blank-bans.ts';
import { blankOwnRows } from './blank-own-rows.ts';
import { blankRejected } from './blank-rejected.ts';
import { blankTexts, findLeft } from './blank-texts.ts';
import { type Removal, RowCounts } from './removal.ts';
import { listTables } from './scan-table.ts';

export interface ForgetOptions {
  /** Lifts a ban that is in force, too. */
  readonly liftBan: boolean;
  /** Does all of it, and takes it back. */
  readonly dryRun: boolean;
  /** Messages that were taken out of queues, by queue: for the record. */
  readonly messages: Readonly<Record<string, number>>;
}

const MAX_TRIES = 3;
/** Somebody has changed a row meanwhile. */
const SERIALIZATION_FAILURE = '40001';

/**
 * Removes a person from all tables, in one transaction: number, name, words and pictures. Rows of their messages stay,
 * blanked and marked; in words of others the number alone is blanked. That it was done is recorded in `audit_removals`,
 * without the number.
 *
 * @throws RemovalError when the number is still somewhere afterwards: then nothing has been changed.
 */
export async function forgetSender(
  db: Kysely<Database>,
  sought: SoughtNumber,
  options: ForgetOptions,
): Promise<Removal> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(db, sought, options);
    } catch (error) {
      if (readSqlState(error) !== SERIALIZATION_FAILURE || tries === MAX_TRIES) throw error;
    }
  }
}

class DryRun extends Error {
  readonly removal: Removal;

  constructor(removal: Removal) {
    super('nothing is to be kept');
    this.removal = removal;
  }
}

async function attempt(
  db: Kysely<Database>,
  sought: SoughtNumber,
  { dryRun, liftBan, messages }: ForgetOptions,
): Promise<Removal> {
  try {
    // One snapshot: what comes meanwhile is neither half seen nor taken for something that was left.
    return await db
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute(async (transaction) => {
        const removal = await removeAll(transaction, sought, liftBan);
        if (dryRun) throw new DryRun(removal);
        await sql`insert into audit_removals (rows, messages, ban)
          values (${JSON.stringify(removal.rows)}, ${JSON.stringify(messages)}, ${removal.ban})`.execute(
          transaction,
        );
        return removal;
      });
  } catch (error) {
    if (error instanceof DryRun) return error.removal;
    throw error;
  }
}

async function removeAll(db: Kysely<Database>, sought: SoughtNumber, liftBan: boolean): Promise<Removal> {
  const counts = new RowCounts();
  const tables = await listTables(db);
  const own = await blankTexts(db, tables, sought, counts);
  const uids = await blankOwnRows(db, own, counts);
  await blankRejected(db, sought, own.ids, counts);
  const left = (await findLeft(db, tables, sought)).filter((column) => column !== 'bans.sender');
  if (left.length > 0) throw new RemovalError(`the number would still stand in ${left.join(', ')}`);
  // Last, since commands that change bans wait for it.
  const ban = await blankBans(db, sought, liftBan, counts);
  return { rows: counts.toRecord(), ban, messageIds: own.ids, uids };
}

/**
 * Removes what Postgres itself still has of rows that were blanked: their old versions, and the frequent values that its planner
 * keeps by heart. To be run after {@link forgetSender}, as the owner of the tables; takes minutes where there are millions of rows.
 */
export async function tidyAfterForgetting(db: Kysely<Database>): Promise<void> {
  const tables = await listTables(db);
  await sql`vacuum (analyze) ${sql.join(tables.map(({ name }) => sql.table(name)))}`.execute(db);
}

/** How many messages the moderator has promised to publish, and has not. */
export async function countUnpublished(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select count(*) from moderator_outbox where published_at is null`.execute(db);
  return Number(rows[0]?.count ?? 0);
}
