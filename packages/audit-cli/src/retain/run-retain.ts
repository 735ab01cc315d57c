import { sleep } from '@wbor/async';
import {
  classifyDatabaseError,
  createDatabase,
  describeDatabaseError,
  monthStart,
  type RetentionResult,
  readSqlState,
  retainAudit,
} from '@wbor/database';
import type { RetainCommand } from '../command.ts';
import type { RetainConfig } from '../config.ts';
import { before } from './period.ts';

/** The first pass over a table of many gigabytes looks for old rows for a while. */
const STATEMENT_TIMEOUT_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** After a failure that may pass. */
const TRY_AGAIN_MS = 600_000;

const NOT_OWNER = '42501';

/**
 * Removes what is over its time, once or every day until the signal. Then a failure that may pass, of Postgres or of the network,
 * is said and tried again.
 *
 * @throws whatever Postgres throws, when it is for once or a person has to act.
 */
export async function runRetain(
  { daily, dryRun }: RetainCommand,
  config: RetainConfig,
  { signal, stdout }: { readonly stdout: NodeJS.WritableStream; readonly signal: AbortSignal },
): Promise<void> {
  const say = (text: string) => void stdout.write(`${text}\n`);
  while (!signal.aborted) {
    let pauseMs = DAY_MS;
    try {
      say(describe(await retainOnce(config, dryRun), dryRun));
    } catch (error) {
      if (readSqlState(error) === NOT_OWNER)
        throw new Error('only the owner of the tables may remove rows: give DATABASE_URL of that user', {
          cause: error,
        });
      if (!daily || classifyDatabaseError(error) !== 'unavailable') throw error;
      say(`not done, trying again in ten minutes: ${describeDatabaseError(error)}`);
      pauseMs = TRY_AGAIN_MS;
    }
    if (!daily) return;
    await sleep(pauseMs, signal).catch(() => undefined);
  }
}

async function retainOnce(config: RetainConfig, dryRun: boolean): Promise<RetentionResult> {
  const { AUDIT_CHAT_RETENTION: chat, AUDIT_RETENTION: audit } = config;
  const { close, db } = createDatabase({
    connectionString: config.DATABASE_URL.reveal(),
    applicationName: 'wbor audit retain',
    maxConnections: 1,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  try {
    const now = new Date();
    return await retainAudit(db, {
      now,
      auditFrom: audit && monthStart(before(now, audit)),
      chatFrom: chat && before(now, chat),
      dryRun,
    });
  } finally {
    await close();
  }
}

function describe({ deleted, dropped, made }: RetentionResult, dryRun: boolean): string {
  const parts = [
    ...dropped.map((name) => `${dryRun ? 'would drop' : 'dropped'} ${name}`),
    ...Object.entries(deleted).map(
      ([table, rows]) =>
        `${dryRun ? 'would delete' : 'deleted'} ${rows.toLocaleString('en-US')} rows of ${table}`,
    ),
    ...made.map((name) => `made ${name}`),
  ];
  return parts.length === 0 ? 'nothing is over its time' : parts.join('\n');
}
