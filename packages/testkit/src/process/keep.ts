import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { messageOf, TestkitError } from '../errors.ts';
import { startTimeOf } from './is-running.mjs';

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
/** What the keeper must know, by pid or folder: one that has to be replaced leaves nothing else behind. */
const kept = new Map<number | string, object>();

function keep(key: number | string, command: object): void {
  kept.set(key, command);
  tellKeeper(command);
}

function release(key: number | string, command: object): void {
  kept.delete(key);
  tellKeeper(command);
}

function tellKeeper(command: object): void {
  if (keeper === undefined || keeper.exitCode !== null || keeper.signalCode !== null) {
    if (kept.size > 0) replaceKeeper();
  } else write(keeper, command);
}

function replaceKeeper(): void {
  const mine = spawn(process.execPath, [fileURLToPath(new URL('./keeper.mjs', import.meta.url))], {
    // Its own session: Ctrl-C in a terminal must not end it before it has done its work.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
  });
  keeper = mine;
  mine.unref();
  if (mine.stdin !== null && 'unref' in mine.stdin) (mine.stdin as { unref(): void }).unref();
  mine.on('error', () => undefined);
  mine.stdin?.on('error', () => undefined);
  // Killed, perhaps for want of memory. One that ended by itself would do so again: that waits for the next command.
  mine.once('exit', (_exitCode, signal) => {
    if (keeper === mine && signal !== null && kept.size > 0) replaceKeeper();
  });
  for (const command of kept.values()) write(mine, command);
}

function write(to: ChildProcess, command: object): void {
  to.stdin?.write(`${JSON.stringify(command)}\n`);
}

/** Has the folder removed when this process ends, even by SIGKILL. Call the result to take that back. */
export function removeFolderAtEnd(path: string): () => void {
  keep(path, { removeFolder: path });
  return () => release(path, { keepFolder: path });
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
  const entry = { keep: pid, started: startTimeOf(pid), signal: stopSignal, group, graceMs: orphanGraceMs };
  keep(pid, entry);

  let running = true;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (exitCode, signal) => {
      // A leader may leave children behind; its number stays theirs as long as one lives.
      if (group) send('SIGKILL', true);
      running = false;
      release(pid, { release: pid });
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
