import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEpisodes, type Episodes } from './episodes.ts';

const FOLD_MS = 10_000;
const NEVER = new AbortController().signal;
const begin = (atMs?: number, id = 'power') => ({ id, phase: 'begin' as const, atMs });
const end = (atMs?: number, id = 'power') => ({
  id,
  phase: 'end' as const,
  atMs,
  fold: (length: string) => `over after ${length}`,
});

let episodes: Episodes;

beforeEach(() => {
  vi.useFakeTimers();
  episodes = createEpisodes(FOLD_MS);
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an episode', () => {
  it('is one text when its end comes in time, and the end hears whether that was stored', async () => {
    const opening = episodes.open('ups', begin(), 1_000, NEVER);
    const closing = episodes.close('ups', end(), 7_000);
    await expect(opening.folded).resolves.toHaveProperty('text', 'over after 6 seconds');
    opening.settle(true);
    await expect(closing).resolves.toBe(true);
    expect(episodes.close('ups', end(), 8_000)).toBeUndefined();
  });

  it('tells the end that the beginning was not stored', async () => {
    const opening = episodes.open('ups', begin(), 1_000, NEVER);
    const closing = episodes.close('ups', end(), 2_000);
    opening.settle(false);
    await expect(closing).resolves.toBe(false);
  });

  it('is kept back no longer than it may be', async () => {
    const opening = episodes.open('ups', begin(), 0, NEVER);
    await vi.advanceTimersByTimeAsync(FOLD_MS);
    await expect(opening.folded).resolves.toBeUndefined();
    expect(episodes.close('ups', end(), FOLD_MS)).toBeUndefined();
  });

  it.each([
    ['that took an hour, though both arrive at once', 0, 3_600_000],
    ['whose end is older than its beginning', 3_600_000, 0],
  ])('is not folded %s', async (_what, beganAtMs, endedAtMs) => {
    const opening = episodes.open('ups', begin(beganAtMs), 0, NEVER);
    expect(episodes.close('ups', end(endedAtMs), 1)).toBeUndefined();
    await expect(opening.folded).resolves.toBeUndefined();
  });

  it('that was short is folded though its end arrives late, by when both say that they happened', async () => {
    const opening = episodes.open('ups', begin(1_000), 0, NEVER);
    void episodes.close('ups', end(5_000), 9_999);
    await expect(opening.folded).resolves.toHaveProperty('text', 'over after 4 seconds');
  });

  it('of another thing or source ends nothing', () => {
    episodes.open('ups', begin(), 0, NEVER);
    expect(episodes.close('ups', end(undefined, 'other'), 1)).toBeUndefined();
    expect(episodes.close('failsafe', end(), 1)).toBeUndefined();
  });

  it('is open until its end, or until it is told', async () => {
    const ended = episodes.open('ups', begin(0), 0, NEVER);
    const told = episodes.open('failsafe', begin(0), 0, NEVER);
    expect(episodes.isOpen('ups', 'power')).toBe(true);
    episodes.giveUp('failsafe');
    await expect(told.folded).resolves.toBeUndefined();
    void episodes.close('ups', end(3_000), 5_000);
    await expect(ended.folded).resolves.toEqual({ text: 'over after 3 seconds', endedAtMs: 3_000 });
    expect(episodes.isOpen('ups', 'power')).toBe(false);
  });

  it('that begins twice is two messages', async () => {
    const first = episodes.open('ups', begin(), 0, NEVER);
    const second = episodes.open('ups', begin(), 1_000, NEVER);
    await expect(first.folded).resolves.toBeUndefined();
    void episodes.close('ups', end(), 3_000);
    await expect(second.folded).resolves.toHaveProperty('text', 'over after 2 seconds');
  });

  it('is let go when its channel is gone, and when the relay stops', async () => {
    const channel = new AbortController();
    const lost = episodes.open('ups', begin(), 0, channel.signal);
    const kept = episodes.open('failsafe', begin(), 0, NEVER);
    channel.abort();
    await expect(lost.folded).resolves.toBeUndefined();
    episodes.release();
    await expect(kept.folded).resolves.toBeUndefined();
    await expect(episodes.open('ups', begin(), 0, NEVER).folded).resolves.toBeUndefined();
  });

  it('is never kept back when folding is switched off', async () => {
    const off = createEpisodes(0);
    await expect(off.open('ups', begin(), 0, NEVER).folded).resolves.toBeUndefined();
    expect(off.close('ups', end(), 0)).toBeUndefined();
  });
});
