import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endsWithin, sleep, untilAborted } from './sleep.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('sleep', () => {
  it('ends by itself, and leaves no listener behind', async () => {
    const { signal } = new AbortController();
    const wait = sleep(1_000, signal);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await wait).toBe('elapsed');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is cut short by an abort, and leaves no timer behind', async () => {
    const controller = new AbortController();
    const wait = sleep(1_000, controller.signal);
    controller.abort(new Error('not thrown'));
    expect(await wait).toBe('aborted');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not begin when the signal is aborted already', async () => {
    expect(await sleep(1_000, AbortSignal.abort())).toBe('aborted');
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('untilAborted waits for the abort, before or after', async () => {
  const controller = new AbortController();
  const wait = untilAborted(controller.signal);
  controller.abort();
  await wait;
  await untilAborted(controller.signal);
});

describe('endsWithin', () => {
  it('says that the work has ended, and leaves no timer behind', async () => {
    expect(await endsWithin(Promise.resolve(), 1_000)).toBe(true);
    await expect(endsWithin(Promise.reject(new Error('a fault')), 1_000)).rejects.toThrow('a fault');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up on work that takes too long, and ignores what it throws afterwards', async () => {
    const work = Promise.withResolvers<void>();
    const result = endsWithin(work.promise, 1_000);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await result).toBe(false);
    work.reject(new Error('too late'));
  });
});
