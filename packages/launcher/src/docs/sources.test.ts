import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readFixtures } from '@wbor/source-fixtures';
import { repoRoot } from '@wbor/testkit';
import { describe, expect, it } from 'vitest';

const PAGES = join(repoRoot, 'docs/sources');
const PICTURES = join(repoRoot, 'docs/images/sources');
/** A page must load on a telephone. */
const MAX_PICTURE_BYTES = 40_000;

const fixtures = readFixtures();
const pages = readdirSync(PAGES).filter((file) => file !== 'README.md');
const page = (file: string) => readFileSync(join(PAGES, file), 'utf8');

describe('docs/sources', () => {
  it.each(fixtures.filter(({ chat }) => chat.length > 0))('shows $name on its page', ({ name, page: of }) => {
    expect(page(`${of}.md`)).toContain(`](../images/sources/${name}.png)`);
    expect(statSync(join(PICTURES, `${name}.png`)).size).toBeLessThan(MAX_PICTURE_BYTES);
  });

  it('has no picture that no fixture makes', () => {
    const made = fixtures.filter(({ chat }) => chat.length > 0).map(({ name }) => `${name}.png`);
    expect(readdirSync(PICTURES).sort()).toEqual(made);
  });

  it.each(pages)('lists %s, which says how to try it and what is not supported', (file) => {
    expect(page('README.md')).toContain(`](${file})`);
    expect(page(file)).toContain('\n## Try it\n');
    expect(page(file)).toContain('\nNot supported: ');
  });

  it('names only fixtures that there are', () => {
    const named = pages.flatMap((file) => [...page(file).matchAll(/npm run fixture -- ([\w-]+)/g)]);
    expect(named.length).toBeGreaterThan(4);
    const unknown = named.filter(([, start = '']) => !fixtures.some(({ name }) => name.startsWith(start)));
    expect(unknown).toEqual([]);
  });
});
