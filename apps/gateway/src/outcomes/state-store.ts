import type { DatabaseSync } from 'node:sqlite';
import { MAX_STATES, type MessageState, STATES_KEPT_MS, type StateStore } from './message-states.ts';

/** Often, so that no call waits long for a write of many. */
const FLUSH_MS = 100;
const PRUNE_MS = 60 * 60 * 1_000;
/** Stored, begun, posted: as a rule a message has no more states than that. */
const CHANGES_A_MESSAGE = 3;

/** Appended to, one row a change: a table by id would have a page written for each of many rows. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS message_changes (
    seq INTEGER PRIMARY KEY,
    wbor_message_id TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
`;
/** The table until 2026-11-30. */
const TAKE_OVER = `
  INSERT INTO message_changes (wbor_message_id, state, at) SELECT wbor_message_id, state, at FROM message_states ORDER BY at;
  DROP TABLE message_states;
`;

/**
 * Keeps states in the spool's file, for a day. They are written a moment later, all that came meanwhile at once, and are no
 * promise, so nothing waits for the disk: what a kill, a power cut or a full disk loses is in the audit.
 */
export function createStateStore(db: DatabaseSync): StateStore & { close(): void } {
  db.exec(SCHEMA);
  if (db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'message_states'`).get() !== undefined) {
    transact(() => db.exec(TAKE_OVER));
  }
  // The newest ones, as many as are kept in memory: more than that take seconds to read.
  const select = db.prepare(
    `SELECT id, state FROM (
       SELECT seq, wbor_message_id AS id, state FROM message_changes WHERE at > ?
       ORDER BY seq DESC LIMIT ${CHANGES_A_MESSAGE * MAX_STATES}
     ) ORDER BY seq`,
  );
  const insert = db.prepare('INSERT INTO message_changes (wbor_message_id, state, at) VALUES (?, ?, ?)');
  const prune = db.prepare('DELETE FROM message_changes WHERE at <= ?');
  const changed = new Map<string, MessageState>();
  let prunedAt = 0;

  function transact(write: () => void): void {
    try {
      db.exec('PRAGMA synchronous = NORMAL');
      db.exec('BEGIN IMMEDIATE');
      write();
      db.exec('COMMIT');
    } catch {
      if (db.isTransaction) db.exec('ROLLBACK');
    } finally {
      // What the spool takes is promised.
      db.exec('PRAGMA synchronous = FULL');
    }
  }

  function flush(): void {
    if (changed.size === 0) return;
    transact(() => {
      for (const [id, state] of changed) insert.run(id, JSON.stringify(state), state.at);
      if (Date.now() - prunedAt <= PRUNE_MS) return;
      prunedAt = Date.now();
      prune.run(prunedAt - STATES_KEPT_MS);
    });
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
