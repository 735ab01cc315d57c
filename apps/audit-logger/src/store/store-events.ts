import { sleep } from '@wbor/async';
import {
  classifyDatabaseError,
  type Database,
  describeDatabaseError,
  isLostSession,
  mayBeOneRowsFault,
  readSqlState,
} from '@wbor/database';
import type { Kysely } from 'kysely';
import type { AuditEvent } from '../intake/parse-event.ts';
import { insertAll, probeTables, type StoreResult } from './insert-all.ts';

export interface StoreOptions {
  /** Told of events whenever some are committed, before the others are tried. */
  readonly onStored: (events: readonly AuditEvent[], result: StoreResult) => void;
  /** Takes an event out of the way for which there is no place at all. */
  readonly onUnstorable: (event: AuditEvent, reason: string) => Promise<void>;
  /** Ends pauses and the search. */
  readonly signal: AbortSignal;
}

/** How often an event is tried by itself before it is to blame. */
const TRIES_ALONE = 3;
const PAUSE_MS = 500;
/** While the event at fault is looked for: far longer than a healthy Postgres needs, far shorter than its own limit. */
const SEARCH_TIMEOUT_MS = 2_000;
/** After this long the rest is left to the next write. The broker's 30 minutes are far away. */
const SEARCH_BUDGET_MS = 5 * 60_000;
/** How long a Postgres that a session's death has taken along may be starting again. */
const RESTART_PROBES = 20;

/**
 * Stores events, each in its table, in one transaction. When Postgres refuses a value, or fails in a way that one
 * row can bring about (a time-out, a trigger's error, the death of the session), they are halved down to the event at
 * fault, and that one goes to `audit_rejected`, or out of the way if it fails there too.
 *
 * Nothing is blamed on an event as long as it may be Postgres: after each such failure a row that says nothing must
 * go into the same tables, or the failure counts as an outage.
 *
 * @throws whatever says that Postgres cannot do it now. Part of the events may be stored by then; storing them
 *   again does no harm.
 */
export async function storeEvents(
  db: Kysely<Database>,
  events: readonly AuditEvent[],
  options: StoreOptions,
): Promise<void> {
  const giveUpAt = performance.now() + SEARCH_BUDGET_MS;

  async function store(some: readonly AuditEvent[], timeoutMs?: number): Promise<void> {
    const error = await tryToInsert(some, some, timeoutMs);
    if (error === undefined) return;
    const [first] = some;
    if (some.length === 1 && first) return storeAlone(first, error);
    const half = Math.ceil(some.length / 2);
    await store(some.slice(0, half), SEARCH_TIMEOUT_MS);
    await store(some.slice(half), SEARCH_TIMEOUT_MS);
  }

  async function storeAlone(event: AuditEvent, firstError: unknown): Promise<void> {
    let error = firstError;
    for (let tries = 1; tries < TRIES_ALONE && classifyDatabaseError(error) !== 'data'; tries += 1) {
      await sleep(PAUSE_MS, options.signal);
      // The last time for as long as Postgres allows.
      const timeoutMs = tries === TRIES_ALONE - 1 ? undefined : SEARCH_TIMEOUT_MS;
      error = await tryToInsert([event], [event], timeoutMs);
      if (error === undefined) return;
    }
    const reason = describeFault(error);
    if (event.target.table !== 'audit_rejected') {
      const refusal = await tryToInsert([event.reject(reason)], [event]);
      if (refusal === undefined) return;
    }
    await options.onUnstorable(event, reason);
  }

  /**
   * `ofEvents` are told of as stored.
   * @returns the error, when it may be these events' fault.
   */
  async function tryToInsert(
    rows: readonly AuditEvent[],
    ofEvents: readonly AuditEvent[],
    timeoutMs?: number,
  ): Promise<unknown> {
    try {
      options.onStored(ofEvents, await insertAll(db, rows, timeoutMs));
      return undefined;
    } catch (error) {
      if (classifyDatabaseError(error) === 'data') return error;
      const mayBlame = mayBeOneRowsFault(error) && performance.now() < giveUpAt && !options.signal.aborted;
      if (mayBlame && (await othersAreStored(rows, error))) return error;
      throw error;
    }
  }

  async function othersAreStored(rows: readonly AuditEvent[], error: unknown): Promise<boolean> {
    const tables = new Set(rows.map(({ target }) => target.table));
    for (let probes = isLostSession(error) ? RESTART_PROBES : 1; ; probes -= 1) {
      try {
        await probeTables(db, tables, SEARCH_TIMEOUT_MS);
        return true;
      } catch {
        if (probes === 1 || options.signal.aborted) return false;
        await sleep(PAUSE_MS, options.signal);
      }
    }
  }

  await store(events);
}

/** The text of an error that is no value's may quote a row all the same: a trigger words its own. */
function describeFault(error: unknown): string {
  if (classifyDatabaseError(error) === 'data') return describeDatabaseError(error);
  return `Postgres failed on it ${TRIES_ALONE} times, and not on others (${readSqlState(error) ?? 'no answer'})`;
}
