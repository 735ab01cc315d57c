import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';

/** Where bytes go, one piece after the other. */
export interface Output {
  /** Resolves when the next piece may come. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Whoever read what is written has closed it. */
class ReaderGoneError extends Error {
  override readonly name = 'ReaderGoneError';
  readonly code = 'READER_GONE';
}

/** A stream that somebody reads, at the pace of the reader. */
export function streamOutput(stream: Writable): Output {
  let gone = false;
  stream.on('error', () => {
    gone = true;
  });
  return {
    async write(bytes) {
      if (gone) throw new ReaderGoneError('the reader of the output has closed it');
      if (!stream.write(bytes))
        await Promise.race([once(stream, 'drain'), once(stream, 'close')]).catch(() => {});
      if (gone) throw new ReaderGoneError('the reader of the output has closed it');
    },
  };
}

/**
 * A file that is there as a whole or not at all: it is written beside its place and moved there in the end. Nobody but its
 * owner may read it, since numbers are in it. A file of that name is replaced.
 */
export async function writeFileWhole(path: string, work: (output: Output) => Promise<void>): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  const file = await open(partial, 'w', 0o600);
  try {
    await work({ write: async (bytes) => void (await file.appendFile(bytes)) });
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    throw error;
  }
}
