import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { messageOf, TestkitError } from '../errors.ts';

export interface KeepOptions extends Omit<SpawnOptions, 'detached'> {
  /** What `stop()` sends first. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** After this long `stop()` sends SIGKILL. Default 10 000 ms. */
  readonly graceMs?: number;
  /** The same for the keeper, once we are gone. Default `graceMs`. */
  readonly orphanGraceMs?: number;
  /** Signals go to the whole process group (default) or, for servers that mind their own children, to it alone. */
  readonly group?: boolean;
}

export interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process that cannot outlive us, whatever ends us. */
export interface KeptProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly running: boolean;
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
  /** Asks, waits `graceMs`, then kills. Resolves once the process is gone. */
  stop(): Promise<Exit>;
  /** SIGKILL, to the whole group. */
  kill(): Promise<Exit>;
}

let keeper: ChildProcess | undefined;

function tellKeeper(command: object): void {
  if (keeper === undefined || keeper.exitCode !== null) {
    keeper = spawn(process.execPath, [fileURLToPath(new URL('./keeper.mjs', import.meta.url))], {
      // Its own session: Ctrl-C in a terminal must not end it before it has done its work.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
    });
    keeper.unref();
    if (keeper.stdin !== null && 'unref' in keeper.stdin) (keeper.stdin as { unref(): void }).unref();
    keeper.on('error', () => undefined);
    keeper.stdin?.on('error', () => undefined);
  }
  keeper.stdin?.write(`${JSON.stringify(command)}\n`);
}

/** When a process started, in clock ticks since boot; with the pid it names a process for good. Linux only. */
export function startTimeOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Has the folder removed when this process ends, even by SIGKILL. Call the result to take that back. */
export function removeFolderAtEnd(path: string): () => void {
  tellKeeper({ removeFolder: path });
  return () => tellKeeper({ keepFolder: path });
}

/**
 * Spawns a process in its own process group and has a keeper end it when we die.
 * @throws TestkitError `COMMAND_FAILED` when it cannot be spawned.
 */
export async function spawnKept(
  command: string,
  args: readonly string[],
  options: KeepOptions = {},
): Promise<KeptProcess> {
  const {
    stopSignal = 'SIGTERM',
    graceMs = 10_000,
    group = true,
    orphanGraceMs = graceMs,
    ...spawnOptions
  } = options;
  const child = spawn(command, args, { ...spawnOptions, detached: true });
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new TestkitError('COMMAND_FAILED', `cannot run ${command}: ${messageOf(error)}`, { cause: error });
  }
  const pid = child.pid ?? 0;
  tellKeeper({ keep: pid, started: startTimeOf(pid), signal: stopSignal, group, graceMs: orphanGraceMs });

  let running = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (exitCode, signal) => {
      // A leader may leave children behind; its number stays theirs as long as one lives.
      if (group) send('SIGKILL', true);
      running = false;
      tellKeeper({ release: pid });
      resolve({ exitCode, signal });
    });
  });

  function send(signal: NodeJS.Signals, toGroup: boolean): void {
    // Once the leader is reaped its number may be somebody else's.
    if (!running) return;
    try {
      process.kill(toGroup ? -pid : pid, signal);
    } catch {
      // It has just ended; `exited` tells.
    }
  }

  return {
    pid,
    child,
    exited,
    get running() {
      return running;
    },
    signal: (signal) => send(signal, false),
    async stop() {
      send(stopSignal, group);
      const timer = setTimeout(() => send('SIGKILL', true), graceMs);
      try {
        return await exited;
      } finally {
        clearTimeout(timer);
      }
    },
    async kill() {
      send('SIGKILL', true);
      return await exited;
    },
  };
}
