/** How long a source has been silent, and whether that is unusual. */
export interface Silence {
  readonly isUnusual: boolean;
  /** For example "silent for 8 days, usually weekly". */
  readonly words: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Messages that follow each other sooner are about one thing. */
const EPISODE_MS = HOUR_MS;
/** With fewer gaps nothing is usual. */
const MIN_GAPS = 3;

/**
 * Compares the time since a source was last heard with the gaps between its last messages: it is unusual from 1.1 times
 * the gap that nine in ten do not exceed, and at least an hour more than that gap.
 *
 * @param times of its last messages, some 50, in any order.
 */
export function judgeSilence(times: readonly Date[], now: Date): Silence {
  const sorted = times.map((time) => time.getTime()).toSorted((a, b) => a - b);
  const last = sorted.at(-1);
  if (last === undefined) return { isUnusual: false, words: 'never heard of' };
  const silentMs = Math.max(0, now.getTime() - last);
  const silent = `silent for ${describeSpan(silentMs)}`;
  const gaps = sorted
    .map((time, index) => time - (sorted[index - 1] ?? time))
    .filter((gap) => gap >= EPISODE_MS)
    .toSorted((a, b) => a - b);
  if (gaps.length < MIN_GAPS) return { isUnusual: false, words: silent };
  const usual = gaps[Math.floor((gaps.length - 1) / 2)] ?? 0;
  const long = gaps[Math.ceil(gaps.length * 0.9) - 1] ?? 0;
  return {
    isUnusual: silentMs > 1.1 * long && silentMs >= long + HOUR_MS,
    words: `${silent}, usually ${describeRhythm(usual)}`,
  };
}

/** "3 hours", "8 days". */
function describeSpan(spanMs: number): string {
  if (spanMs < MINUTE_MS) return 'less than a minute';
  const [unitMs, unit] =
    spanMs < HOUR_MS ? [MINUTE_MS, 'minute'] : spanMs < 2 * DAY_MS ? [HOUR_MS, 'hour'] : [DAY_MS, 'day'];
  const count = Math.floor(spanMs / unitMs);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** "weekly", "every 3 days". */
function describeRhythm(gapMs: number): string {
  const days = gapMs / DAY_MS;
  if (days > 25 && days < 35) return 'monthly';
  if (days > 6 && days < 8) return 'weekly';
  if (days > 0.8 && days < 1.3) return 'daily';
  if (gapMs < 1.5 * HOUR_MS) return 'hourly';
  if (days < 1.3) return `every ${Math.round(gapMs / HOUR_MS)} hours`;
  return `every ${Math.max(2, Math.round(days))} days`;
}
