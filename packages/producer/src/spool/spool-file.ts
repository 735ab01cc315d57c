import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lock } from 'proper-lockfile';
import { SpoolError } from '../errors.ts';
import {
  applyRecord,
  decodeRecords,
  encodeRecord,
  isSettled,
  type SpoolEntry,
  type SpoolRecord,
} from './records.ts';

/** A file that this process alone writes, and the messages in it. */
export interface SpoolFile {
  readonly path: string;
  /** By `wbor_message_id`, in the order of acceptance. */
  readonly entries: ReadonlyMap<string, SpoolEntry>;
  /**
   * Resolves once the record is on disk; it counts from then on. When it cannot be written it counts in memory all the
   * same, and the error says so.
   *
   * @throws SpoolError
   */
  append(record: SpoolRecord): Promise<void>;
  close(): Promise<void>;
}

/** A process that stops moving its lock for so long is taken for dead. */
const STALE_MS = 5_000;
const UPDATE_MS = 1_000;

/**
 * Opens a file for this process alone.
 *
 * @returns undefined when another process has it.
 * @throws SpoolError when it cannot be used at all.
 */
export async function openSpoolFile(path: string): Promise<SpoolFile | undefined> {
  let lost = false;
  let release: () => Promise<void>;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    release = await lock(path, {
      realpath: false,
      stale: STALE_MS,
      update: UPDATE_MS,
      onCompromised: () => {
        lost = true;
      },
    });
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') return undefined;
    throw unusable(path, error);
  }
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'a', 0o600);
    const entries = new Map<string, SpoolEntry>();
    const text = await readFile(path, 'utf8');
    const records = decodeRecords(text);
    if (records.length === 0 && !isTornLine(text)) throw new SpoolError('UNUSABLE', 'no spool');
    for (const record of records) applyRecord(entries, record);
    for (const [id, entry] of entries) {
      entry.onDisk = true;
      if (isSettled(entry)) entries.delete(id);
    }
    if (entries.size === 0) await handle.truncate(0);
    // Half a line of a process that was killed must not swallow the next one.
    else if (!text.endsWith('\n')) await handle.writeFile('\n');
    await syncFolder(dirname(path));
    return wrap(path, handle, entries, () => lost, release);
  } catch (error) {
    await handle?.close().catch(() => {});
    await release().catch(() => {});
    if (error instanceof SpoolError) {
      throw new SpoolError('UNUSABLE', `${path} is another program's file; nothing is changed in it`);
    }
    throw unusable(path, error);
  }
}

/** Nothing, or what a process that was killed, or lost its power, while it wrote the first line has left. */
function isTornLine(text: string): boolean {
  return /^[\0\n]*(?:[0-9a-f]{0,16}$|[0-9a-f]{16} )/.test(text);
}

function wrap(
  path: string,
  handle: FileHandle,
  entries: Map<string, SpoolEntry>,
  isLost: () => boolean,
  release: () => Promise<void>,
): SpoolFile {
  let last: Promise<unknown> = Promise.resolve();
  /** A full disk has taken half a line. */
  let isTorn = false;

  async function write(record: SpoolRecord): Promise<void> {
    if (isLost()) throw new SpoolError('LOST', `another process has taken over ${path}`);
    applyRecord(entries, record);
    try {
      const line = encodeRecord(record);
      await handle.writeFile(isTorn ? `\n${line}` : line);
      isTorn = false;
      await handle.datasync();
      const entry = entries.get(record.t === 'accepted' ? record.message.id : record.id);
      if (entry !== undefined && record.t === 'accepted') entry.onDisk = true;
      else if (entry !== undefined && isSettled(entry)) entries.delete(entry.message.id);
      // Nothing is left that anybody would need.
      if (entries.size === 0) await handle.truncate(0);
    } catch (error) {
      isTorn = true;
      throw unusable(path, error);
    }
  }

  return {
    path,
    entries,
    append(record) {
      const mine = last.then(() => write(record));
      last = mine.catch(() => {});
      return mine;
    },
    async close() {
      await last;
      await handle.close().catch(() => {});
      if (isLost()) return;
      if (entries.size === 0) await rm(path, { force: true }).catch(() => {});
      await release().catch(() => {});
    },
  };
}

/** A new file is there after a power cut only when its folder is on disk, too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unusable(path: string, error: unknown): SpoolError {
  return new SpoolError('UNUSABLE', `${path} cannot be used: ${codeOf(error)}`);
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error
    ? String(error.code)
    : 'unknown error';
}
