import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '@wbor/testkit';
import { expect, it } from 'vitest';

/** A row's tests: `file`: "title", "title"<br>`file`: … */
const GUARD = /`([^`]+\.test\.ts)`: ((?:"[^"]+"(?:, )?)+)/g;

const text = await readFile(join(repoRoot, 'docs/invariants.md'), 'utf8');
const rows = text.split('\n').filter((line) => /^\| (?!promise \|)/.test(line));

it('names a test for every promise', () => {
  expect(rows.length).toBeGreaterThan(50);
  expect(rows.filter((row) => !row.match(GUARD))).toEqual([]);
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
