import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startBroker } from '../broker/start-broker.ts';
import { ensureChromium } from '../chromium.ts';
import { startPostgres } from '../postgres/start-postgres.ts';
import { repoRoot } from '../repo-root.ts';
import './provided-context.ts';

/** One broker and one Postgres for the whole run. Vitest calls the function returned when the run is over. */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  const [broker, postgres, chromium] = await Promise.allSettled([
    timed('RabbitMQ', () => startBroker({ onProgress: report })),
    timed('Postgres', () => startPostgres({ onProgress: report })),
    willRunBrowserTests(project).then((wanted) =>
      wanted ? ensureChromium(report) : { missing: 'no browser test is to run' },
    ),
  ]);
  const teardown = async () => {
    await Promise.all([
      broker.status === 'fulfilled' ? broker.value.dispose() : undefined,
      postgres.status === 'fulfilled' ? postgres.value.dispose() : undefined,
    ]);
  };
  if (broker.status === 'rejected' || postgres.status === 'rejected' || chromium.status === 'rejected') {
    await teardown();
    throw [broker, postgres, chromium].find((result) => result.status === 'rejected')?.reason;
  }
  project.provide('brokerUrl', broker.value.url);
  project.provide('databaseUrl', postgres.value.url);
  project.provide('chromiumPath', 'path' in chromium.value ? chromium.value.path : '');
  project.provide('chromiumMissing', 'missing' in chromium.value ? chromium.value.missing : '');
  return teardown;
}

async function timed<T extends { readonly how: string }>(name: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const result = await work();
  report(`${name}: ${result.how} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  return result;
}

// stderr, because a JSON report may be on stdout.
function report(step: string): void {
  process.stderr.write(`[testkit] ${step}\n`);
}

/** Browser tests are those that use Playwright; a browser is a big download for a run without one. */
async function willRunBrowserTests(project: TestProject): Promise<boolean> {
  const filters = fileFilters(project);
  for await (const path of glob('{apps,packages}/*/test/**/*.int.test.ts', { cwd: repoRoot })) {
    const file = join(repoRoot, path);
    if (filters.length > 0 && !filters.some((filter) => file.includes(filter))) continue;
    if ((await readFile(file, 'utf8')).includes("from 'playwright-core'")) return true;
  }
  return false;
}

/** The file names given on the command line. Vitest knows them, but does not publish them; without, all files run. */
function fileFilters(project: TestProject): readonly string[] {
  const { vitest } = project;
  if (!('filenamePattern' in vitest) || !Array.isArray(vitest.filenamePattern)) return [];
  return vitest.filenamePattern.map(String);
}
