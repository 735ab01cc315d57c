import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LoadOptions, LoadResult } from './options.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/**
 * Loads an HTTP server from a process of its own.
 * @throws Error when a request was not answered 2xx: refusals are quick, and would be taken for speed.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, JSON.stringify(options)], {
    timeout: options.warmUpMs + options.durationMs + 30_000,
  });
  const result = JSON.parse(stdout) as LoadResult;
  if (result.failures > 0) {
    throw new Error(`${result.failures} requests of ${options.url.split('/')[3]} were not answered 2xx`);
  }
  return result;
}
