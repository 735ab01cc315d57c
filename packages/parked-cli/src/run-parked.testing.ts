import { execFile } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

/** Runs the operator's `parked` command as a process of its own, with these settings only. Never rejects for its exit code. */
export async function runParked(
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<{ stdout: string; code: number }> {
  const { PATH, HOME } = process.env;
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(import.meta.dirname, 'main.ts'), ...args],
      { env: { PATH, HOME, ...env }, maxBuffer: 2 ** 30 },
    );
    return { stdout, code: 0 };
  } catch (error) {
    const failed = error as { stdout: string; stderr: string; code: number };
    return { stdout: failed.stdout + failed.stderr, code: failed.code };
  }
}
