import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Certainty, createCertainty } from './certainty.ts';

const never = new AbortController().signal;

let certainty: Certainty;

beforeEach(() => {
  vi.useFakeTimers();
  certainty = createCertainty({ timeoutMs: 1_000 });
});

afterEach(() => void vi.useRealTimers());

/** Starts to wait, and says later whether that has ended. */
function watch(signal = never): () => Promise<boolean> {
  let ended = false;
  void certainty.untilCertain(signal).then(() => {
    ended = true;
  });
  return async () => {
    await vi.advanceTimersByTimeAsync(0);
    return ended;
  };
}

describe('certainty', () => {
  it('begins as uncertain and ends when a list has come', async () => {
    const hasEnded = watch();
    expect([certainty.certain, await hasEnded()]).toEqual([false, false]);
    certainty.regain();
    expect([certainty.certain, await hasEnded(), await watch()()]).toEqual([true, true, true]);
  });

  it('comes by itself when no list does', async () => {
    const hasEnded = watch();
    await vi.advanceTimersByTimeAsync(999);
    expect([certainty.certain, await hasEnded()]).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([certainty.certain, await hasEnded()]).toEqual([true, true]);
  });

  it('is lost again for as long as is said, whatever was to end the uncertainty before', async () => {
    const hasEnded = watch();
    const over = certainty.lose(5_000);
    await vi.advanceTimersByTimeAsync(4_999);
    expect([certainty.certain, await hasEnded(), over.aborted]).toEqual([false, false, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect([certainty.certain, await hasEnded(), over.aborted]).toEqual([true, true, true]);
    certainty.lose(1_000);
    expect([certainty.certain, await watch()()]).toEqual([false, false]);
  });

  it('ends the uncertainty before, so that its question is not asked twice', () => {
    const earlier = certainty.lose(5_000);
    const later = certainty.lose(5_000);
    expect([earlier.aborted, later.aborted]).toEqual([true, false]);
    certainty.regain();
    expect(later.aborted).toBe(true);
  });

  it('is waited for only until the signal is aborted, each waiter by itself', async () => {
    const leaving = new AbortController();
    const [leaver, stayer, tooLate] = [watch(leaving.signal), watch(), watch(AbortSignal.abort())];
    expect([await leaver(), await stayer(), await tooLate()]).toEqual([false, false, true]);
    leaving.abort();
    expect([await leaver(), await stayer(), certainty.certain]).toEqual([true, false, false]);
  });
});
