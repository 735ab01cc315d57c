import { expect, test } from 'vitest';
import { replaceTable } from './write-page.ts';

const PAGE = 'Before\n\n<!-- begin: npm run bench -- --write -->\n\nold\n\n<!-- end -->\n\nAfter\n';

test('the table is replaced, and nothing else', () => {
  const once = replaceTable(PAGE, '| new |\n');
  expect(once).toBe(PAGE.replace('old', '| new |'));
  expect(replaceTable(once, '| new |')).toBe(once);
});

test('a page without a place for it is left alone', () => {
  for (const page of ['', 'no marks', PAGE.replace('<!-- end -->', '')]) {
    expect(() => replaceTable(page, 'new')).toThrow('has no');
  }
});
