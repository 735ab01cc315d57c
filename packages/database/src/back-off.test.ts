import { expect, it } from 'vitest';
import { backOffMs } from './back-off.ts';

it('doubles from one second up to thirty, and is shortened by up to half', () => {
  const longest = () => 0;
  const shortest = () => 1;
  expect([0, 1, 2, 3, 4, 5, 500].map((attempt) => backOffMs(attempt, longest))).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
  ]);
  expect(backOffMs(0, shortest)).toBe(500);
});
