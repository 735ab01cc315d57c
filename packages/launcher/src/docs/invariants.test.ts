import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';

/** A row's tests: `file`: "title", "title"<br>`file`: … */
const GUARD = /`([^`]+\.test\.ts)`: ((?:"[^"]+"(?:, )?)+)/g;

/** The last cell of a threat that nothing guards. */
const UNGUARDED = /\| – \|$/;

describe.each([
  { document: 'docs/invariants.md', leastRows: 50, heading: 'promise', unguarded: 0 },
  { document: 'docs/threat-model.md', leastRows: 25, heading: 'at worst', unguarded: 1 },
])('$document', async ({ document, leastRows, heading, unguarded }) => {
  const text = await readFile(join(repoRoot, document), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith(`| ${heading} |`));

  it('names a test in every row', () => {
    expect(rows.length).toBeGreaterThan(leastRows);
    expect(rows.filter((row) => !row.match(GUARD) && !UNGUARDED.test(row))).toEqual([]);
    expect(rows.filter((row) => UNGUARDED.test(row))).toHaveLength(unguarded);
  });

  it('names tests that are there, by their titles', async () => {
    const missing: string[] = [];
    for (const [, file = '', titles = ''] of text.matchAll(GUARD)) {
      const source = await readFile(join(repoRoot, file), 'utf8').catch(() => '');
      for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) {
        if (!source.includes(title)) missing.push(`${file}: ${title}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
