import { createHash, randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { errorMessage } from '@wbor/async';

/** A message that was accepted and is not on the broker yet. */
export interface SpooledMessage {
  /** Its name in the catalogue of messages. */
  readonly message: string;
  readonly routingKey: string;
  /** AMQP message id. */
  readonly messageId: string;
  readonly headers: Readonly<Record<string, unknown>>;
  /** JSON. */
  readonly body: string;
}

/** A message in the spool. */
export interface WaitingMessage extends SpooledMessage {
  readonly seq: number;
}

/** Nothing is promised: the spool is full, or its disk does not take it. */
export class SpoolError extends Error {
  override readonly name = 'SpoolError';
}

/** Messages on disk, in the order in which they were accepted. */
export interface Spool {
  /** The file, for what else is kept in it. */
  readonly database: DatabaseSync;
  /** How many wait. */
  readonly depth: number;
  /** Bytes of what waits. */
  readonly bytes: number;
  /** Epoch milliseconds of the oldest one. */
  readonly oldestAt: number | undefined;
  /**
   * Resolves once the message is on disk. The same message again, while it waits, is the same one.
   * @throws SpoolError
   */
  add(message: SpooledMessage): Promise<void>;
  /** The oldest ones, without those of these routing keys. */
  oldest(limit: number, without: readonly string[]): WaitingMessage[];
  /** Takes messages out that are on the broker. Where the disk does not allow it, they count as taken out all the same. */
  remove(messages: readonly WaitingMessage[]): void;
  /** Keeps a message that can never be published for people to look at. It waits no more. */
  setAside(message: WaitingMessage, fault: string): void;
  close(): void;
}

/** A transaction holds at most so many bytes of bodies, but for a single larger one: its log must fit into the reserve. */
const MAX_TRANSACTION_BYTES = 512 * 1024;

/**
 * Room that is kept free on the disk, as a file of junk: taking messages out of a database needs some, and without any the
 * spool could not be emptied on a disk that others have filled.
 */
const RESERVE_BYTES = 4 * 1024 * 1024;

/** Beside its body a message takes about this much. */
const OVERHEAD_BYTES = 512;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS spooled (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    message_id TEXT NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    digest BLOB NOT NULL,
    accepted_at INTEGER NOT NULL,
    fault TEXT
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS spooled_once ON spooled (message_id, digest);
`;

interface Row {
  readonly seq: number;
  readonly message: string;
  readonly routing_key: string;
  readonly message_id: string;
  readonly headers: string;
  readonly body: string;
}

/**
 * Opens the spool's SQLite file, which is one gateway's alone. What is added is on disk (WAL, fsync) before it is answered;
 * what comes at the same time shares one fsync.
 *
 * @throws SpoolError when the file cannot be opened, is of something else, or is another process's.
 */
export function openSpool(path: string, maxBytes: number): Spool {
  const db = openDatabase(path);
  const insert = db.prepare(
    `INSERT INTO spooled (message, routing_key, message_id, headers, body, digest, accepted_at)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const removal = db.prepare('DELETE FROM spooled WHERE seq = ?');
  const aside = db.prepare('UPDATE spooled SET fault = ? WHERE seq = ?');
  const oldestRow = db.prepare('SELECT accepted_at FROM spooled WHERE fault IS NULL ORDER BY seq LIMIT 1');
  /** They wait no more, and are still on disk, since that was full. */
  const leftBehind = new Set<number>();
  let pending: { message: SpooledMessage; resolve(): void; reject(error: unknown): void }[] = [];
  let { bytes, depth } = countRows();
  if (depth === 0) keepReserve();

  function countRows(): { depth: number; bytes: number } {
    const row = db
      .prepare(
        'SELECT count(*) AS depth, total(length(CAST(body AS BLOB)) + ?) AS bytes FROM spooled WHERE fault IS NULL',
      )
      .get(OVERHEAD_BYTES);
    return { depth: Number(row?.depth), bytes: Number(row?.bytes) };
  }

  function transaction(work: () => void): void {
    db.exec('BEGIN IMMEDIATE');
    try {
      work();
      db.exec('COMMIT');
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  /** Writes all that came meanwhile, in its order. */
  function flush(): void {
    while (pending.length > 0) {
      const group: typeof pending = [];
      let size = 0;
      for (const entry of pending) {
        const next = sizeOf(entry.message);
        if (group.length > 0 && size + next > MAX_TRANSACTION_BYTES) break;
        group.push(entry);
        size += next;
      }
      pending = pending.slice(group.length);
      try {
        if (bytes + size > maxBytes) throw new SpoolError('the spool holds SPOOL_MAX_BYTES already');
        let isNew: boolean[] = [];
        transaction(() => {
          isNew = group.map(({ message }) => addRow(message));
        });
        for (const [index, { message, resolve }] of group.entries()) {
          if (isNew[index]) count(message, 1);
          resolve();
        }
      } catch (error) {
        const refusal =
          error instanceof SpoolError
            ? error
            : new SpoolError(`the spool cannot be written: ${errorMessage(error)}`);
        for (const { reject } of group) reject(refusal);
      }
    }
  }

  /** Says whether it was not there yet. */
  function addRow({ body, headers, message, messageId, routingKey }: SpooledMessage): boolean {
    const digest = createHash('sha256').update(`${routingKey}\n${body}`).digest();
    const { changes } = insert.run(
      message,
      routingKey,
      messageId,
      JSON.stringify(headers),
      body,
      digest,
      Date.now(),
    );
    return Number(changes) > 0;
  }

  function count(message: SpooledMessage, difference: 1 | -1): void {
    depth += difference;
    bytes += difference * sizeOf(message);
  }

  function removeRows(seqs: readonly number[]): void {
    transaction(() => {
      for (const seq of seqs) removal.run(seq);
    });
  }

  function keepReserve(): void {
    // It is junk, but not zeros: some file systems take no room for those.
    try {
      if (!existsSync(reserveOf(path)))
        writeFileSync(reserveOf(path), randomBytes(RESERVE_BYTES), { mode: 0o600 });
    } catch {
      rmSync(reserveOf(path), { force: true });
    }
  }

  /** Gives room back to the disk, and takes the reserve again. */
  function tidy(): void {
    try {
      db.exec('PRAGMA incremental_vacuum');
      db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all();
    } catch {
      // It is tried again when it is empty the next time.
    }
    keepReserve();
  }

  return {
    database: db,
    get depth() {
      return depth;
    },
    get bytes() {
      return bytes;
    },
    get oldestAt() {
      return depth === 0 ? undefined : Number(oldestRow.get()?.accepted_at);
    },
    add(message) {
      return new Promise((resolve, reject) => {
        if (pending.push({ message, resolve, reject }) === 1) setImmediate(flush);
      });
    },
    oldest(limit, without) {
      const marks = without.map(() => '?').join(', ');
      return db
        .prepare(
          `SELECT seq, message, routing_key, message_id, headers, body FROM spooled
           WHERE fault IS NULL AND routing_key NOT IN (${marks}) ORDER BY seq LIMIT ?`,
        )
        .all(...without, limit + leftBehind.size)
        .map((row) => row as unknown as Row)
        .filter(({ seq }) => !leftBehind.has(seq))
        .slice(0, limit)
        .map((row) => ({
          seq: row.seq,
          message: row.message,
          routingKey: row.routing_key,
          messageId: row.message_id,
          headers: JSON.parse(row.headers) as Record<string, unknown>,
          body: row.body,
        }));
    },
    remove(messages) {
      for (const message of messages) {
        leftBehind.add(message.seq);
        count(message, -1);
      }
      if (leftBehind.size === 0) return;
      const all = [...leftBehind];
      try {
        removeRows(all);
      } catch {
        rmSync(reserveOf(path), { force: true });
        try {
          removeRows(all);
        } catch {
          return;
        }
      }
      leftBehind.clear();
      if (depth === 0) tidy();
    },
    setAside(message, fault) {
      count(message, -1);
      try {
        aside.run(fault, message.seq);
      } catch {
        leftBehind.add(message.seq);
      }
    },
    close() {
      flush();
      db.close();
    },
  };
}

function openDatabase(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    // Before the first table is made: a spool that was long once must not hold the disk for ever.
    db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    // Locked as long as this process lives, and not a moment longer.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 2000');
    db.prepare('PRAGMA journal_mode = WAL').get();
    db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 128');
    db.exec(SCHEMA);
    return db;
  } catch (error) {
    db?.close();
    const isLocked = /locked|busy/i.test(errorMessage(error));
    throw new SpoolError(
      isLocked
        ? 'SPOOL_FILE is in use by another gateway; each needs one of its own'
        : `SPOOL_FILE cannot be used (${errorMessage(error)}); set another one, or move it away`,
    );
  }
}

function sizeOf({ body }: SpooledMessage): number {
  return Buffer.byteLength(body) + OVERHEAD_BYTES;
}

function reserveOf(path: string): string {
  return `${path}.reserve`;
}
