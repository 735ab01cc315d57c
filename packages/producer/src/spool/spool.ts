import { existsSync } from 'node:fs';
import { SpoolError } from '../errors.ts';
import {
  type AcceptedMessage,
  applyRecord,
  contentOf,
  isSettled,
  type SpoolEntry,
  type SpoolRecord,
} from './records.ts';
import { openSpoolFile, type SpoolFile } from './spool-file.ts';

/** Everything that was accepted and is not done: in files, or in memory where no file can be used. */
export interface Spool {
  /** Why nothing can be written, if so. */
  readonly fault: string | undefined;
  /** Oldest first. Of copies under one id, which processes have left that did not know of each other, one at a time. */
  entries(): SpoolEntry[];
  /** The message with this id that is not settled. */
  find(id: string): SpoolEntry | undefined;
  /** For a message whose id {@link Spool.find} does not know. */
  accept(message: AcceptedMessage): Promise<SpoolEntry>;
  /**
   * Resolves once the record is on disk, or cannot be: then it is known in memory only.
   *
   * @throws SpoolError with code LOST when another process goes on with this message.
   */
  append(record: Exclude<SpoolRecord, { t: 'accepted' }>): Promise<void>;
  /** Takes over what processes that are gone have left. One that was killed seems alive for some seconds. */
  adopt(): Promise<void>;
  /** Whether another process has a file beside this one's, or had. */
  hasOthers(): boolean;
  close(): Promise<void>;
}

/** So many processes may send at once with one setting. */
const MAX_FILES = 32;

/** @param path without it everything is kept in memory. */
export async function openSpool(path: string | undefined): Promise<Spool> {
  const memory = new Map<string, SpoolEntry>();
  const files = new Map<string, SpoolFile>();
  let own: SpoolFile | undefined;
  let fault: string | undefined;

  /** Each process has a file of its own: the first one the name itself, others the same with a number. */
  function names(): string[] {
    if (path === undefined) return [];
    return Array.from({ length: MAX_FILES }, (_, index) => (index === 0 ? path : `${path}.${index}`));
  }

  async function takeOwn(): Promise<void> {
    try {
      for (const name of names()) {
        own = await openSpoolFile(name);
        if (own === undefined) continue;
        files.set(name, own);
        return;
      }
      if (path !== undefined) fault = `${MAX_FILES} processes use ${path} already`;
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      fault = error.message;
    }
  }

  const fileOf = (id: string) => [...files.values()].find(({ entries }) => entries.has(id));

  const find = (id: string) => fileOf(id)?.entries.get(id) ?? memory.get(id);

  /** Other files that have the same message: processes had accepted it that did not know of each other. */
  function copiesOf(id: string, file: SpoolFile): SpoolFile[] {
    const content = (it: SpoolFile) => contentOf(entryOf(it.entries, id).message);
    return [...files.values()].filter(
      (other) => other !== file && other.entries.has(id) && content(other) === content(file),
    );
  }

  function remember(record: SpoolRecord): void {
    applyRecord(memory, record);
    for (const [id, entry] of memory) if (isSettled(entry)) memory.delete(id);
  }

  async function adoptNow(): Promise<void> {
    if (own === undefined) await takeOwn();
    for (const name of names()) {
      if (files.has(name) || !existsSync(name)) continue;
      const file = await openSpoolFile(name).catch(() => undefined);
      if (file === undefined) continue;
      if (file.entries.size === 0) await file.close();
      else files.set(name, file);
    }
    await endCopies();
    for (const file of files.values()) {
      if (file === own || file.entries.size > 0) continue;
      files.delete(file.path);
      await file.close();
    }
  }

  /** Of what is done, and whose logs wait, nobody must find a copy once those are told. */
  async function endCopies(): Promise<void> {
    for (const file of files.values()) {
      for (const { done, message } of [...file.entries.values()]) {
        if (!done) continue;
        for (const copy of copiesOf(message.id, file)) {
          if (!copy.entries.get(message.id)?.done)
            await copy.append({ t: 'done', id: message.id }).catch(() => {});
        }
      }
    }
  }

  await takeOwn();
  /** One at a time: they would take each other for another process. */
  let adopting = Promise.resolve();
  return {
    get fault() {
      return fault;
    },
    entries: () =>
      [...[...files.values()].flatMap(({ entries }) => [...entries.values()]), ...memory.values()]
        .filter((entry) => find(entry.message.id) === entry)
        .sort((a, b) => a.message.at - b.message.at),
    find,
    async accept(message) {
      const record: SpoolRecord = { t: 'accepted', message };
      const file = own;
      if (file !== undefined) {
        try {
          await file.append(record);
          fault = undefined;
          return entryOf(file.entries, message.id);
        } catch (error) {
          if (!(error instanceof SpoolError)) throw error;
          fault = error.message;
          if (error.code !== 'LOST') return entryOf(file.entries, message.id);
          files.delete(file.path);
          if (file === own) own = undefined;
        }
      }
      remember(record);
      return entryOf(memory, message.id);
    },
    async append(record) {
      const file = fileOf(record.id);
      if (file === undefined) {
        remember(record);
        return;
      }
      const copies = record.t === 'done' ? copiesOf(record.id, file) : [];
      try {
        await file.append(record);
        // One that cannot be written is left to whoever has it next.
        for (const copy of copies) await copy.append(record).catch(() => {});
      } catch (error) {
        if (!(error instanceof SpoolError)) throw error;
        fault = error.message;
        if (error.code !== 'LOST') return;
        files.delete(file.path);
        if (file === own) own = undefined;
        throw error;
      }
    },
    adopt() {
      adopting = adopting.then(adoptNow);
      return adopting;
    },
    hasOthers: () => names().some((name) => !files.has(name) && existsSync(name)),
    async close() {
      await adopting;
      await Promise.all([...files.values()].map((file) => file.close()));
      files.clear();
    },
  };
}

function entryOf(entries: ReadonlyMap<string, SpoolEntry>, id: string): SpoolEntry {
  const entry = entries.get(id);
  if (entry === undefined) throw new RangeError(`no message ${id} in the spool`);
  return entry;
}
