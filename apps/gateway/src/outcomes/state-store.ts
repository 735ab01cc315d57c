import type { DatabaseSync } from 'node:sqlite';
import { MAX_STATES, type MessageState, STATES_KEPT_MS, type StateStore } from './message-states.ts';

const FLUSH_MS = 1_000;
const PRUNE_MS = 60 * 60 * 1_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS message_states (
    wbor_message_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS message_states_at ON message_states (at);
`;

/**
 * Keeps states in the spool's file, for a day. They are written a second later, all that came meanwhile at once, and are
 * no promise: what a kill or a full disk loses is in the audit.
 */
export function createStateStore(db: DatabaseSync): StateStore & { close(): void } {
  db.exec(SCHEMA);
  // The newest ones, as many as are kept in memory: more than that take seconds to read.
  const select = db.prepare(
    `SELECT id, state FROM (
       SELECT wbor_message_id AS id, state, at FROM message_states WHERE at > ? ORDER BY at DESC LIMIT ${MAX_STATES}
     ) ORDER BY at`,
  );
  const upsert = db.prepare(
    `INSERT INTO message_states VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET state = excluded.state, at = excluded.at`,
  );
  const prune = db.prepare('DELETE FROM message_states WHERE at <= ?');
  const changed = new Map<string, MessageState>();
  let prunedAt = 0;

  function flush(): void {
    if (changed.size === 0) return;
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const [id, state] of changed) upsert.run(id, JSON.stringify(state), state.at);
      if (Date.now() - prunedAt > PRUNE_MS) {
        prunedAt = Date.now();
        prune.run(prunedAt - STATES_KEPT_MS);
      }
      db.exec('COMMIT');
    } catch {
      if (db.isTransaction) db.exec('ROLLBACK');
    }
    changed.clear();
  }

  const timer = setInterval(flush, FLUSH_MS);
  timer.unref();
  return {
    *load(sinceMs) {
      for (const { id, state } of select.iterate(sinceMs)) {
        yield [String(id), JSON.parse(String(state)) as MessageState];
      }
    },
    save: (id, state) => void changed.set(id, state),
    close() {
      clearInterval(timer);
      flush();
    },
  };
}
