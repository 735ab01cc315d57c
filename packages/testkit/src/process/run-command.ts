import { execFile } from 'node:child_process';
import { TestkitError } from '../errors.ts';

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Default 60 000 ms. */
  readonly timeoutMs?: number;
}

/**
 * Runs a command to its end and returns its stdout.
 * @throws TestkitError `COMMAND_FAILED` with the last lines it wrote.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { timeoutMs = 60_000, ...rest } = options;
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { ...rest, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const lines = lastLines(`${stdout}\n${stderr}`, 15);
        reject(
          new TestkitError(
            'COMMAND_FAILED',
            `${command} ${args[0] ?? ''} failed (${error.code ?? error.signal ?? error.message}):\n${lines}`,
            {
              cause: error,
            },
          ),
        );
      },
    );
  });
}

/** The last lines of a text that hold anything. */
export function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}
