import { Buffer } from 'node:buffer';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Conversion, REPORT_FD } from './conversion.ts';
import { parseConversionReport } from './conversion-report.ts';
import type { ConvertedImage, ConvertLimits } from './convert-image.ts';
import { ImageError, tookTooLong, tookTooLongToConvert } from './errors.ts';

/** Node with sharp takes 80 MiB, and what is let through by its header up to 120. */
const MAX_RESIDENT_BYTES = 224 * 1024 * 1024;

const MAX_REPORT_BYTES = 4096;

/** After its own time limit, in case the process does not even get to look at the clock. */
const KILL_AFTER_MS = 5_000;

/** The source in development, its bundle beside ours in deployment. */
const MAIN = new URL(
  import.meta.url.endsWith('.ts') ? './convert-main.ts' : './convert-main.js',
  import.meta.url,
);

/** Converts an image as `convertImage` does. */
export type Convert = (
  bytes: Buffer,
  mime: string,
  limits: ConvertLimits,
  signal: AbortSignal,
  maxResidentBytes?: number,
) => Promise<ConvertedImage>;

/**
 * Converts in a process of its own, which is given no secret, is bounded in memory and time, and takes what it
 * allocated with it when it ends. A decoder that crashes is a damaged image, no more.
 *
 * @throws ImageError as `convertImage` does; `TIMEOUT` when the signal aborts.
 */
export const convertApart: Convert = async (
  bytes,
  mime,
  limits,
  signal,
  maxResidentBytes = MAX_RESIDENT_BYTES,
) => {
  const asked: Conversion = { mime, bytes: bytes.length, limits, maxResidentBytes };
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=64', '--v8-pool-size=1', fileURLToPath(MAIN), JSON.stringify(asked)],
    // libuv's threads would keep what they have freed, each in a heap of its own.
    { env: { UV_THREADPOOL_SIZE: '1', MALLOC_ARENA_MAX: '1' }, stdio: ['pipe', 'pipe', 'ignore', 'pipe'] },
  );
  const kill = () => void child.kill('SIGKILL');
  let isLate = false;
  const timer = setTimeout(
    () => {
      isLate = true;
      kill();
    },
    limits.timeoutSeconds * 1000 + KILL_AFTER_MS,
  );
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  try {
    const { report, image, exitCode } = await answerOf(child, bytes, limits.maxBytes);
    if (report === undefined) {
      if (signal.aborted) throw tookTooLong();
      if (isLate) throw tookTooLongToConvert();
      // Whatever the image is, an exit code is that of our own program: it could not even begin.
      if (exitCode !== null) throw new Error(`the converter ended with exit code ${exitCode}`);
      throw new ImageError('BROKEN', 'is damaged', {
        message: `the converter ended without an answer: ${mime}`,
      });
    }
    if ('code' in report) {
      const { code, forChat, message } = report;
      throw new ImageError(code, forChat, message === undefined ? {} : { message });
    }
    if (image.length !== report.bytes) throw tookTooLongToConvert();
    return { bytes: image, contentType: report.contentType, pixels: report.pixels };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
};

async function answerOf(child: ChildProcess, input: Buffer, maxBytes: number) {
  const closed = once(child, 'close');
  // It may end before it has read everything.
  child.stdin?.on('error', () => undefined).end(input);
  const [report, image, [exitCode]] = await Promise.all([
    readAtMost(child.stdio[REPORT_FD] as Readable, MAX_REPORT_BYTES),
    readAtMost(child.stdout as Readable, maxBytes),
    closed as Promise<[number | null]>,
  ]);
  return { report: parseConversionReport(report.toString()), image, exitCode };
}

/** What is above the limit is dropped, and read all the same: the process must be able to end. */
async function readAtMost(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
