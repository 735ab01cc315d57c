import { expect, it } from 'vitest';
import { nextFetchCount } from './next-fetch-count.ts';

const rows = (count: number, length: number) =>
  Array.from({ length: count }, () => ({ text: 'x'.repeat(length), none: null }));

it('takes more and more small rows, up to a bound', () => {
  expect(nextFetchCount(undefined)).toBe(50);
  expect(nextFetchCount(rows(50, 10))).toBe(100);
  expect(nextFetchCount(rows(2_000, 10))).toBe(2_000);
});

it('takes few large rows, and one at least', () => {
  expect(nextFetchCount(rows(100, 100_000))).toBe(20);
  expect(nextFetchCount(rows(1, 5_000_000))).toBe(1);
});
