import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { type Counts, countReport, NO_COUNTS } from './counts.ts';
import type { CheckOptions, StepName } from './options.ts';

export interface StepResult {
  readonly ok: boolean;
  readonly counts: Counts;
  /** All that the command wrote. */
  readonly output: string;
}

const COMMANDS: Readonly<Record<'typecheck' | 'lint' | 'knip', readonly string[]>> = {
  typecheck: ['turbo', 'run', 'typecheck', '--output-logs=errors-only', '--continue', '--ui=stream'],
  lint: ['biome', 'check', '.', '--max-diagnostics=200'],
  knip: ['knip', '--no-progress'],
};

/** Runs one step to its end; a step that fails does not throw. */
export async function runStep(step: StepName, options: CheckOptions): Promise<StepResult> {
  if (step === 'unit' || step === 'integration') return await runVitest(step, options);
  const { exitCode, output } = await run(COMMANDS[step]);
  const ok = exitCode === 0;
  return { ok, output, counts: { ...NO_COUNTS, [ok ? 'passed' : 'failed']: 1 } };
}

async function runVitest(project: string, options: CheckOptions): Promise<StepResult> {
  const folder = await mkdtemp(join(tmpdir(), 'wbor-check-'));
  const reportPath = join(folder, 'report.json');
  try {
    const { exitCode, output } = await run(vitestCommand(project, options, reportPath));
    const counts = countReport(await readReport(reportPath));
    // Vitest fails for reasons that no test shows: a set-up that threw, an unhandled rejection.
    const unseen = exitCode !== 0 && counts.failed === 0 ? 1 : 0;
    return { ok: exitCode === 0, output, counts: { ...counts, failed: counts.failed + unseen } };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function vitestCommand(project: string, options: CheckOptions, reportPath: string): readonly string[] {
  const { files, testNamePattern } = options;
  const filters = [...(testNamePattern === undefined ? [] : ['-t', testNamePattern]), ...files];
  return [
    'vitest',
    'run',
    `--project=${project}`,
    // A filter may fit the other project's tests only. Without one, no test means that the tests are not found.
    ...(filters.length > 0 ? ['--passWithNoTests'] : []),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportPath}`,
    ...filters,
  ];
}

async function readReport(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    // No test was found, or vitest did not get that far; its exit code says which.
    return undefined;
  }
}

function run([command = '', ...args]: readonly string[]): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve) => {
    const colours = process.stdout.isTTY && !process.env.NO_COLOR ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' };
    const child = spawn(command, args, {
      cwd: repoRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...colours, TURBO_TELEMETRY_DISABLED: '1' },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', (error) => resolve({ exitCode: 127, output: `${command}: ${error.message}\n` }));
    child.once('exit', (exitCode, signal) => {
      const finish = () => {
        const ending = signal === null ? '' : `\n${command} was ended by ${signal}\n`;
        resolve({ exitCode: exitCode ?? 1, output: Buffer.concat(chunks).toString('utf8') + ending });
      };
      // What a test forgot to end may hold the output open for ever.
      const timer = setTimeout(finish, 2_000);
      child.once('close', () => {
        clearTimeout(timer);
        finish();
      });
    });
  });
}
