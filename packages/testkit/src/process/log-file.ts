import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Beyond it a file is full. There are two at most, this and the one before it. */
const MAX_BYTES = 10_000_000;

/**
 * Appends lines to a file that never grows without bound. What the file held before, and what fills it up, goes to
 * `PATH.1`, which is replaced. A line that cannot be written is dropped: the log is not worth the process.
 */
export function openLogFile(path: string, maxBytes = MAX_BYTES): (line: string) => void {
  let bytes = 0;

  function startAnew(): void {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) renameSync(path, `${path}.1`);
    bytes = 0;
  }

  function write(line: string): void {
    // At once, so that the last words of this process, too, are in the file.
    appendFileSync(path, `${line}\n`);
    bytes += Buffer.byteLength(line) + 1;
    if (bytes >= maxBytes) startAnew();
  }

  quietly(() => {
    mkdirSync(dirname(path), { recursive: true });
    startAnew();
  });
  return (line) => quietly(() => write(line));
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // The disk is full, or somebody removed the folder.
  }
}
