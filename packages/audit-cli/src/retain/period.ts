import { z } from 'zod';

export interface Period {
  readonly count: number;
  readonly unit: 'day' | 'month' | 'year';
}

/** An event that is delivered again must find its row, or it would be a second one. No broker holds one for that long. */
const LEAST_DAYS = 31;
const LONGEST_YEARS = 100;
const DAYS = { day: 1, month: 28, year: 365 };

/** `90 days`, `13 months`, `2 years`; undefined for `forever`. A transformation of zod's. */
export function parsePeriod(text: string, context: z.RefinementCtx): Period | undefined {
  if (text === 'forever') return undefined;
  const [, digits, unit] = /^(\d{1,5}) ?(day|month|year)s?$/.exec(text) ?? [];
  const period = { count: Number(digits), unit: unit as Period['unit'] };
  if (unit === undefined) {
    context.addIssue('must be forever, or like 90 days, 13 months or 2 years');
    return z.NEVER;
  }
  const days = period.count * DAYS[period.unit];
  if (days < LEAST_DAYS || days > LONGEST_YEARS * DAYS.year) {
    context.addIssue(`must be ${LEAST_DAYS} days to ${LONGEST_YEARS} years (one month is too short)`);
    return z.NEVER;
  }
  return period;
}

/** The moment that lies so long before `now`, in UTC. */
export function before(now: Date, { count, unit }: Period): Date {
  const time = new Date(now);
  const day = time.getUTCDate();
  if (unit === 'day') time.setUTCDate(day - count);
  else {
    time.setUTCMonth(time.getUTCMonth() - count * (unit === 'year' ? 12 : 1));
    // From the 31st into a shorter month: its last day, not the first of the next.
    if (time.getUTCDate() !== day) time.setUTCDate(0);
  }
  return time;
}
