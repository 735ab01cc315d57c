import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { TestkitError } from '../errors.ts';
import { freePort } from '../free-port.ts';
import { repoRoot } from '../repo-root.ts';
import { waitFor } from '../wait.ts';
import { type Exit, spawnKept } from './keep.ts';
import { openLogFile } from './log-file.ts';

export interface SpawnServiceOptions {
  /** The folder's name under `apps/`. */
  readonly app: string;
  /** All that the service sees, besides PATH, HOME and a HEALTH_PORT when none is given. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Relative to the app's folder, or absolute. Default `src/main.ts`. */
  readonly entry?: string;
  /** Where its log goes, too; see {@link openLogFile}. Then only the last lines are kept in memory. */
  readonly logFile?: string;
}

/** One line of a service's log. */
export type LogLine = Readonly<Record<string, unknown>>;

export interface ServiceExit extends Exit {
  /** From the signal to the end of the process. */
  readonly durationMs: number;
}

export interface ServiceProcess {
  readonly app: string;
  readonly pid: number;
  /** `http://127.0.0.1:port` of `/livez`, `/readyz` and `/metrics`. */
  readonly healthUrl: string;
  readonly running: boolean;
  readonly exited: Promise<Exit>;
  readonly logFile: string | undefined;
  /** Lines of stdout that are JSON objects. */
  logs(): readonly LogLine[];
  /** All that it wrote, stderr too. */
  output(): string;
  /** Past lines included. Default 15 000 ms. */
  waitForLog(predicate: (line: LogLine) => boolean, timeoutMs?: number): Promise<LogLine>;
  /** Resolves when `/readyz` answers 200; rejects with the last output when the process ends first. Default 30 000 ms. */
  waitUntilReady(timeoutMs?: number): Promise<void>;
  /** SIGTERM; SIGKILL when it has not ended 35 s later. */
  stop(): Promise<ServiceExit>;
  /** SIGKILL. */
  kill(): Promise<Exit>;
  signal(signal: NodeJS.Signals): void;
}

const STOP_GRACE_MS = 35_000;
const SHOWN_LINES = 30;
/** Of a service that runs for days. */
const KEPT_LINES = 1_000;

/** Runs a service from source in a process of its own, which ends with ours. */
export async function spawnService(options: SpawnServiceOptions): Promise<ServiceProcess> {
  const healthPort = options.env.HEALTH_PORT ?? String(await freePort());
  const kept = await spawnKept(
    process.execPath,
    [resolve(repoRoot, 'apps', options.app, options.entry ?? 'src/main.ts')],
    {
      cwd: repoRoot,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, HEALTH_PORT: healthPort, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      graceMs: STOP_GRACE_MS,
      orphanGraceMs: 3_000,
    },
  );
  const healthUrl = `http://127.0.0.1:${healthPort}`;
  const logs: LogLine[] = [];
  const lines: string[] = [];
  const writeToFile = options.logFile === undefined ? undefined : openLogFile(options.logFile);
  for (const stream of [kept.child.stdout, kept.child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      const parsed = parseLogLine(line);
      if (parsed !== undefined) logs.push(parsed);
      if (writeToFile === undefined) return;
      writeToFile(line);
      for (const all of [lines, logs]) if (all.length > 2 * KEPT_LINES) all.splice(0, KEPT_LINES);
    });
  }
  // The pipes may still hold its last words when the process is gone.
  const drained = new Promise<void>((resolve) => kept.child.once('close', () => resolve()));

  async function isReady(): Promise<boolean> {
    if (!kept.running) return true;
    const response = await fetch(`${healthUrl}/readyz`, { signal: AbortSignal.timeout(5_000) });
    const body = await response.text();
    if (response.ok) return true;
    throw new Error(`/readyz: ${response.status} ${body}`);
  }

  return {
    app: options.app,
    pid: kept.pid,
    healthUrl,
    logFile: options.logFile,
    exited: kept.exited,
    get running() {
      return kept.running;
    },
    logs: () => logs,
    output: () => lines.join('\n'),
    waitForLog: (predicate, timeoutMs = 15_000) =>
      waitFor(() => logs.find(predicate), { timeoutMs, what: `${options.app}: the awaited log line` }),
    async waitUntilReady(timeoutMs = 30_000) {
      const shown = () => lines.slice(-SHOWN_LINES).join('\n');
      try {
        await waitFor(isReady, { timeoutMs, intervalMs: 50, what: `${options.app} becomes ready` });
      } catch (error) {
        throw new TestkitError('BOOT_FAILED', `${error instanceof Error ? error.message : ''}\n${shown()}`, {
          cause: error,
        });
      }
      if (kept.running) return;
      const { exitCode, signal } = await kept.exited;
      await drained;
      throw new TestkitError(
        'BOOT_FAILED',
        `${options.app} ended before it was ready (${signal ?? `exit code ${exitCode}`}):\n${shown()}`,
      );
    },
    async stop() {
      const startedAt = performance.now();
      const exit = await kept.stop();
      const durationMs = performance.now() - startedAt;
      await drained;
      return { ...exit, durationMs };
    },
    async kill() {
      const exit = await kept.kill();
      await drained;
      return exit;
    },
    signal: (signal) => kept.signal(signal),
  };
}

function parseLogLine(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}
