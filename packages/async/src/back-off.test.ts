import { expect, it } from 'vitest';
import { backOff } from './back-off.ts';

const waits = (random: () => number) => {
  const backOffMs = backOff({ minMs: 1_000, maxMs: 30_000, random });
  return [0, 1, 2, 3, 4, 5, 5_000].map(backOffMs);
};

it('doubles up to its limit, however many failures there were', () => {
  expect(waits(() => 1)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

it('is shortened by half at most', () => {
  expect(waits(() => 0)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  expect(backOff({ minMs: 100, maxMs: 100 })(0)).toBeGreaterThanOrEqual(50);
});
