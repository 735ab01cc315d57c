import { expect, it } from 'vitest';
import { readFixtures } from './fixture.ts';
import { withFreshIds } from './fresh-ids.ts';

it('makes new ids, the same for the same', () => {
  const id = '7e1f4b40-8e4d-4f33-8a20-3b4c5d6e7f04';
  const [first, second, other] = withFreshIds(`${id} ${id} 9d3e7c20-5b2f-4d11-8c0e-1f2a3b4c5d02`).split(' ');
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  expect([first, other]).not.toContain(id);
  expect(second).toBe(first);
  expect(other).not.toBe(first);
});

it.each([
  ['SM00000000000000000000000000000005', /^SM[0-9a-f]{32}$/],
  ['"ZCZC-EAS-RWT-023005+0015-1551430-WBOR    -"', /^"ZCZC-EAS-RWT-023005\+0015-\d{7}-WBOR {4}-"$/],
])('makes a new %s that looks like it', (old, look) => {
  const fresh = withFreshIds(old);
  expect(fresh).toMatch(look);
  expect(fresh).not.toBe(old);
});

it('leaves all else as it is', () => {
  const text = JSON.stringify(readFixtures().filter(({ page }) => page === 'wbor-ups'));
  expect(withFreshIds(text)).toBe(text);
});
