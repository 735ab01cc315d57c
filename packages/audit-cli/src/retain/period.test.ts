import { expect, it } from 'vitest';
import { z } from 'zod';
import { before, parsePeriod } from './period.ts';

const parse = (text: string) => z.string().transform(parsePeriod).safeParse(text);

it.each([
  ['forever', undefined],
  ['90 days', '2026-08-31T12:00:00.000Z'],
  ['31days', '2026-10-29T12:00:00.000Z'],
  ['13 months', '2025-10-29T12:00:00.000Z'],
  ['1 year', '2025-11-29T12:00:00.000Z'],
])('%s', (text, expected) => {
  const { data } = parse(text);
  expect(data && before(new Date('2026-11-29T12:00:00Z'), data).toISOString()).toBe(expected);
});

it.each(['30 days', '1 month', '0 years', '101 years', '-90 days', '90', 'for ever', ''])(
  'refuses %j instead of removing too much',
  (text) => {
    expect(parse(text).success).toBe(false);
  },
);

it('ends in the month that is meant, from the last day of a longer one', () => {
  const period = { count: 13, unit: 'month' } as const;
  expect(before(new Date('2027-03-31T12:00:00Z'), period).toISOString()).toBe('2026-02-28T12:00:00.000Z');
});
