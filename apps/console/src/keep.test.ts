import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keep } from './keep.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TAKES_MS = 5_000;

function count() {
  let times = 0;
  const kept = keep(2_000, async () => {
    times += 1;
    const result = times;
    await new Promise((resolve) => setTimeout(resolve, TAKES_MS));
    return result;
  });
  const ask = async () => {
    const asked = kept.ask();
    await vi.advanceTimersByTimeAsync(TAKES_MS);
    return asked;
  };
  return { ask, kept };
}

it('does long work once for all who ask meanwhile, and a while after it', async () => {
  const { ask, kept } = count();
  const first = kept.ask();
  await vi.advanceTimersByTimeAsync(TAKES_MS - 1_000);
  const second = kept.ask();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await Promise.all([first, second, kept.ask()])).toEqual([1, 1, 1]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await ask()).toBe(2);
});

it('does it anew once it is to be forgotten, also for who asks while it is done', async () => {
  const { ask, kept } = count();
  const first = kept.ask();
  kept.forget();
  expect([await ask(), await first]).toEqual([2, 1]);
  expect(await kept.ask()).toBe(2);
});

it('keeps no failure', async () => {
  let isAway = true;
  const kept = keep(2_000, async () => {
    if (isAway) throw new Error('by the test');
    return 'there';
  });
  await expect(kept.ask()).rejects.toThrow('by the test');
  isAway = false;
  expect(await kept.ask()).toBe('there');
});
