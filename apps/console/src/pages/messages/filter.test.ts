import { createStationClock } from '@wbor/station-clock';
import { describe, expect, it } from 'vitest';
import { beginningWith, containing, dayBounds, filterPath, filterSchema, readTerms } from './filter.ts';

const clock = createStationClock('America/New_York');

describe('the filter in the address', () => {
  it('takes what it does not understand for missing', () => {
    const odd = {
      q: ' ',
      whole: 'maybe',
      state: 'x',
      from: 'yesterday',
      to: '',
      before: "' or 1=1",
      sender: 'a'.repeat(101),
    };
    expect(Object.values(filterSchema.parse(odd)).filter((value) => value !== undefined)).toEqual([]);
    for (const before of ['9999-99-99 00:00:00+00', '2026-02-30 00:00:00+00', '2026-02-03 00:00:00+99']) {
      expect(filterSchema.parse({ before }).before, before).toBeUndefined();
    }
    expect(filterSchema.parse({ q: '\0', uid: 'a\0b' })).toMatchObject({ uid: 'ab' });
  });

  it('has no room for a whole number', () => {
    expect(filterSchema.parse({ sender: '+12075550123' }).sender).toBeUndefined();
    expect(filterSchema.parse({ sender: '…0123' }).sender).toBe('0123');
  });

  it('comes back from its address', () => {
    const filter = {
      q: 'a&b=c <i>',
      state: 'doubt',
      before: '2026-11-30 14:19:32.502123+00',
      beforeId: 'x y',
    } as const;
    const query = Object.fromEntries(new URL(filterPath(filter), 'http://x').searchParams);
    expect(filterSchema.parse(query)).toMatchObject(filter);
    expect(filterPath({})).toBe('/messages');
  });
});

it('knows days of the station, and which there are not', () => {
  expect(dayBounds('2026-11-01', clock)).toEqual({
    start: new Date('2026-11-01T04:00:00Z'),
    end: new Date('2026-11-02T05:00:00Z'),
  });
  expect(dayBounds('2026-02-30', clock)).toBeUndefined();
});

it('reads words to look for', () => {
  expect(readTerms(' studio  a – B4! ')).toEqual([
    { text: 'studio', hasTrigrams: true },
    { text: 'a', hasTrigrams: false },
    { text: 'B4!', hasTrigrams: false },
  ]);
  expect(readTerms('… – !')).toEqual([]);
});

it('quotes what means something to Postgres', () => {
  expect(containing('50%_\\')).toBe('%50\\%\\_\\\\%');
  expect(beginningWith("it's\\ | x")).toBe("'it''s\\\\ | x':*");
});
