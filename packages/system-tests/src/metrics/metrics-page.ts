import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';

/** A row of `docs/metrics.md`. */
export interface DocumentedMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly services: readonly string[];
  readonly help: string;
}

/** Reads `docs/metrics.md`: its rows are `name | type | labels | services | what it says`. */
export async function readMetricsPage(): Promise<DocumentedMetric[]> {
  const page = await readFile(join(repoRoot, 'docs/metrics.md'), 'utf8');
  return page
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [name = '', type = '', labels = '', services = '', help = ''] = line
        .replace(/^\| | \|$/g, '')
        .split(' | ');
      return {
        name: name.replaceAll('`', ''),
        type,
        labels: listOf(labels.replaceAll('`', '')),
        services: listOf(services),
        help,
      };
    });
}

function listOf(text: string): string[] {
  return text.split(', ').filter((word) => word !== '');
}
