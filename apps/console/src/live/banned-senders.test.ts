import { createSenderNormaliser } from '@wbor/phone';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createBannedSenders } from './banned-senders.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function create(load: () => Promise<readonly string[]>) {
  const onChange = vi.fn();
  const warn = vi.fn();
  const banned = createBannedSenders({
    load,
    normaliseSender: createSenderNormaliser('US'),
    onChange,
    logger: { warn } as never,
  });
  return { banned, onChange, warn };
}

it('knows a banned number in any spelling, and hears of changes', async () => {
  let listed = ['(207) 555-0123'];
  const { banned, onChange } = create(async () => listed);
  await banned.start();
  expect([banned.has('+12075550123'), banned.has('2075550124'), banned.has('')]).toEqual([
    true,
    false,
    false,
  ]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(onChange).toHaveBeenCalledTimes(1);
  listed = [];
  await vi.advanceTimersByTimeAsync(10_000);
  expect(banned.has('+12075550123')).toBe(false);
  expect(onChange).toHaveBeenCalledTimes(2);
  banned.stop();
});

it('says that it does not know, until the list can be read, and goes on with what it knew', async () => {
  let isAway = true;
  const { banned, warn } = create(async () => {
    if (isAway) throw new Error('away, by the test');
    return ['+12075550123'];
  });
  await banned.start();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(banned.has('+12075550123')).toBeUndefined();
  expect(warn).toHaveBeenCalledTimes(1);
  isAway = false;
  await vi.advanceTimersByTimeAsync(10_000);
  isAway = true;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(banned.has('+12075550123')).toBe(true);
  banned.stop();
});
