import { glob, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { repoRoot } from '@wbor/testkit';

/** An expression and where it stands. */
export interface Expression {
  readonly at: string;
  readonly text: string;
}

export const PROMETHEUS_FOLDER = join(repoRoot, 'docker/observability/prometheus');

/** The alert rules of `alerts.yml`. */
export async function readAlerts(): Promise<Expression[]> {
  const [, ...rules] = (await readFile(join(PROMETHEUS_FOLDER, 'alerts.yml'), 'utf8')).split('- alert: ');
  return rules.map((rule) => ({
    at: /^\w*/.exec(rule)?.[0] ?? '',
    text: /^ *expr: (?:>-)?(.*\n(?: {10,}.*\n)*)/m.exec(rule)?.[1]?.trim() ?? '',
  }));
}

/** What the panels of the dashboards ask. */
export async function readPanels(): Promise<Expression[]> {
  const panels: Expression[] = [];
  for await (const path of glob(join(repoRoot, 'docker/observability/grafana/dashboards/*.json'))) {
    const dashboard = JSON.parse(await readFile(path, 'utf8')) as {
      panels: { title: string; targets: { expr: string }[] }[];
    };
    for (const { targets, title } of dashboard.panels) {
      panels.push(...targets.map(({ expr }) => ({ at: `${basename(path)}: ${title}`, text: expr })));
    }
  }
  return panels;
}
