import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { expect, it } from 'vitest';
import { readMetricsPage } from './metrics-page.ts';
import { PROMETHEUS_FOLDER, readAlerts, readPanels } from './observability.ts';
import { readPromql } from './promql.ts';

/** Of every scraped process, by Prometheus itself and by Node's client. */
const COMMON_METRICS = /^(?:up|process_[a-z_]+|nodejs_[a-z_]+)$/;
const COMMON_LABELS = ['job', 'instance', 'le'];

const metrics = new Map((await readMetricsPage()).map((metric) => [metric.name, metric]));
const alerts = await readAlerts();
const expressions = [...alerts, ...(await readPanels())];

it('reads rules and dashboards', () => {
  expect(alerts.length).toBeGreaterThan(10);
  expect(expressions.length).toBeGreaterThan(50);
  expect(expressions.filter(({ text }) => readPromql(text).metrics.length === 0)).toEqual([]);
});

it('rules and dashboards name only metrics that services export', () => {
  const unknown = expressions.flatMap(({ at, text }) =>
    readPromql(text)
      .metrics.filter((name) => !metrics.has(name) && !COMMON_METRICS.test(name))
      .map((name) => `${at}: ${name}`),
  );
  expect(unknown).toEqual([]);
});

it('and only labels that one of these metrics has', () => {
  const unknown = expressions.flatMap(({ at, text }) => {
    const named = readPromql(text);
    const known = named.metrics.flatMap((name) => metrics.get(name)?.labels ?? []);
    return named.labels
      .filter((label) => ![...known, ...COMMON_LABELS].includes(label))
      .map((label) => `${at}: ${label}`);
  });
  expect(unknown).toEqual([]);
});

it('each alert has a test that sees it fire, and one that sees it silent', async () => {
  const tests = await readFile(join(PROMETHEUS_FOLDER, 'alerts.test.yml'), 'utf8');
  const firing = [...tests.matchAll(/- alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:\n/g)];
  const silent = [...tests.matchAll(/- \{ alertname: (\w+), eval_time: \w+ \}/g)];
  const names = alerts.map(({ at }) => at);
  expect(names.filter((name) => !firing.some(([, tested]) => tested === name))).toEqual([]);
  expect(names.filter((name) => !silent.some(([, tested]) => tested === name))).toEqual([]);
});

it('docs/operations.md says of each alert what to do', async () => {
  const operations = await readFile(join(repoRoot, 'docs/operations.md'), 'utf8');
  const rows = [...operations.matchAll(/^\| alert `(\w+)` \|/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual(alerts.map(({ at }) => at).sort());
});
