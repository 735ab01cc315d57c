import { describe, expect, it } from 'vitest';
import { judgeSilence } from './silence.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);
/** Messages that far apart, and the moment so long after the last. */
function judge(gaps: readonly number[], since: number) {
  const times = [new Date(START)];
  for (const gap of gaps) times.push(new Date((times.at(-1)?.getTime() ?? START) + gap));
  const last = times.at(-1) ?? new Date(START);
  return judgeSilence(times.toReversed(), new Date(last.getTime() + since));
}
const weekly = Array.from({ length: 10 }, () => 7 * DAY);

describe('a source that has been silent', () => {
  it('for longer than it ever is stands out', () => {
    expect(judge(weekly, 8 * DAY)).toEqual({ isUnusual: true, words: 'silent for 8 days, usually weekly' });
    expect(judge(weekly, 7.5 * DAY)).toEqual({
      isUnusual: false,
      words: 'silent for 7 days, usually weekly',
    });
  });

  it('is judged by what nine in ten of its gaps do not exceed', () => {
    const uneven = [...Array.from({ length: 18 }, () => 2 * HOUR), DAY, 60 * DAY];
    expect(judge(uneven, 40 * HOUR).isUnusual).toBe(true);
    expect(judge([...uneven, DAY, DAY], 26 * HOUR).isUnusual).toBe(false);
  });

  it('has an hour of grace', () => {
    const hourly = Array.from({ length: 20 }, () => HOUR);
    expect(judge(hourly, 1.9 * HOUR).isUnusual).toBe(false);
    expect(judge(hourly, 2 * HOUR)).toEqual({ isUnusual: true, words: 'silent for 2 hours, usually hourly' });
  });

  it('has episodes: what follows within an hour is of the same', () => {
    const bursts = weekly.flatMap((gap) => [gap, 60_000, 60_000, 60_000]);
    expect(judge(bursts, 7.5 * DAY)).toEqual({
      isUnusual: false,
      words: 'silent for 7 days, usually weekly',
    });
  });

  it('is not judged by a few messages', () => {
    expect(judge([DAY, DAY], 100 * DAY)).toEqual({ isUnusual: false, words: 'silent for 100 days' });
    expect(judgeSilence([], new Date())).toEqual({ isUnusual: false, words: 'never heard of' });
  });

  it.each([
    [DAY, 'daily'],
    [30 * DAY, 'monthly'],
    [3 * DAY, 'every 3 days'],
    [5 * HOUR, 'every 5 hours'],
  ])('with gaps of %d ms says how often it usually speaks', (gap, words) => {
    expect(judge([gap, gap, gap, gap], 0).words).toBe(`silent for less than a minute, usually ${words}`);
  });
});
