import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommandLine } from '@wbor/command-line';
import { repoRoot } from '@wbor/testkit';
import { BENCH_USAGE, type BenchCommand, parseBenchOptions } from './options.ts';
import { readProfiles } from './profile/read-profiles.ts';
import { createProgress } from './progress.ts';
import { addReport } from './report/add-report.ts';
import { profilesToMarkdown, toLine, toMarkdown } from './report/markdown.ts';
import { summariseFigures, summariseProcesses } from './report/summary.ts';
import { replaceTable } from './report/write-page.ts';
import { type BenchResult, runBench } from './run-bench.ts';

const PAGE = join(repoRoot, 'docs/performance.md');

async function keep(result: BenchResult, folder: string, markdown: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const report = {
    ...result,
    figures: result.scenarios.flatMap(summariseFigures),
    processes: result.scenarios.flatMap(summariseProcesses),
  };
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  await writeFile(join(folder, 'report.md'), `${markdown}\n`);
}

/** @throws Error when there is none. */
async function readReport(folder: string): Promise<BenchResult> {
  return JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
}

/** An hour's figures are kept, also when they cannot stand beside the older ones. */
async function addTo(older: BenchResult, measured: BenchResult, folder: string): Promise<BenchResult> {
  try {
    return addReport(older, measured);
  } catch (error) {
    await keep(measured, folder, toMarkdown(measured));
    throw error;
  }
}

async function run(command: BenchCommand): Promise<number> {
  const progress = createProgress(process.stderr);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // What was started ends with us, however we end.
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort();
      progress.tell('stopping after this measurement; once more to stop at once');
    });
  }

  try {
    const { add, profile, quick, rounds, scenarios, write } = command;
    const folder = command.folder ?? join(repoRoot, '.data/bench');
    const older = add ? await readReport(folder) : undefined;
    const profileFolder = profile ? join(folder, 'profiles') : undefined;
    if (profileFolder !== undefined) await rm(profileFolder, { recursive: true, force: true });
    const measured = await runBench({
      scenarios,
      rounds,
      quick,
      profileFolder,
      signal: interrupted.signal,
      onProgress: progress.step,
      onResult(one) {
        for (const figure of summariseFigures(one)) progress.tell(toLine(figure));
        if (one.error !== undefined) progress.tell(`${one.name} failed: ${one.error}`);
      },
    });
    progress.end();
    if (interrupted.signal.aborted) return 130;
    const result = older === undefined ? measured : await addTo(older, measured, folder);
    const profiles = profileFolder === undefined ? [] : await readProfiles(profileFolder);
    const markdown = [toMarkdown(result), profilesToMarkdown(profiles)].join('\n').trimEnd();
    await keep(result, folder, markdown);
    process.stdout.write(`${markdown}\n`);
    progress.tell(`the report is in ${folder}`);
    const failed = result.scenarios.some(({ error }) => error !== undefined);
    if (write && failed) progress.tell('a scenario failed: docs/performance.md stays as it is');
    else if (write) await writeFile(PAGE, replaceTable(await readFile(PAGE, 'utf8'), markdown));
    return failed ? 1 : 0;
  } finally {
    progress.end();
  }
}

// What hangs is not waited for.
process.exit(await runCommandLine({ name: 'bench', usage: BENCH_USAGE, parse: parseBenchOptions, run }));
