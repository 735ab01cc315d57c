import process from 'node:process';
import { errorMessage } from '@wbor/async';
import { UsageError } from './parse-command-line.ts';

interface CommandLine<Command> {
  /** Stands before each complaint. */
  readonly name: string;
  /** What `--help` prints. */
  readonly usage: string;
  /** @throws UsageError */
  readonly parse: (args: readonly string[]) => Command | 'help';
  /** Does it; gives the exit code. */
  readonly run: (command: Command) => Promise<number>;
}

/** The parts of a process that a command line needs. */
interface Host {
  /** Without program and script. */
  readonly argv: readonly string[];
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/**
 * Runs a command. Never rejects.
 *
 * @returns the exit code: that of `run`; 0 for `--help`, 2 for a UsageError, 1 for whatever else is thrown.
 */
export async function runCommandLine<Command>(
  { name, parse, run, usage }: CommandLine<Command>,
  { argv, stderr, stdout }: Host = {
    argv: process.argv.slice(2),
    stdout: process.stdout,
    stderr: process.stderr,
  },
): Promise<number> {
  try {
    const command = parse(argv);
    if (command !== 'help') return await run(command);
    stdout.write(usage);
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    stderr.write(`${name}: ${errorMessage(error)}${isUsage ? ' (--help tells how it is used)' : ''}\n`);
    return isUsage ? 2 : 1;
  }
}
