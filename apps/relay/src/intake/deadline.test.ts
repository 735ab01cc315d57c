import { describe, expect, it } from 'vitest';
import { deadlineOf, publishedAtMs } from './deadline.ts';

const NOW = Date.UTC(2026, 10, 25, 12);
const THEN = NOW + 600_000;
const SECONDS = THEN / 1000;

function read(
  header: unknown,
  more: { expirationMs?: number; timestamp?: Date } = {},
  name = 'x-deliver-by',
) {
  const delivery = { expirationMs: undefined, timestamp: undefined, ...more };
  return deadlineOf({ ...delivery, headers: { [name]: header } }, NOW);
}

describe("the producer's deadline", () => {
  it.each([
    ['milliseconds', THEN],
    ['milliseconds as a text', `${THEN}`],
    ['seconds', SECONDS],
    ['seconds with a fraction', SECONDS + 0.0004],
    ['seconds as a text', ` ${SECONDS}.000123 `],
    ['microseconds', THEN * 1_000],
    ['nanoseconds', `${THEN}000000`],
    ['scientific notation', `${SECONDS / 1e9}e9`],
    ['bytes', Buffer.from(`${SECONDS}`)],
    ["AMQP's timestamp", { '!': 'timestamp', value: SECONDS }],
    ["AMQP's timestamp in milliseconds", { '!': 'timestamp', value: THEN }],
    ['a date', new Date(THEN).toISOString()],
    ['a date of Python', '2026-11-25T07:10:00.000123-05:00'],
    ['a date of a shell', '2026-11-25 12:10:00+0000'],
  ])('is read from %s', (_what, header) => {
    expect(read(header)).toEqual({ deliverBy: THEN, isRepaired: header !== THEN });
  });

  it('may have passed', () => {
    expect(read(NOW - 1)).toEqual({ deliverBy: NOW - 1, isRepaired: false });
    expect(read(NOW - 29 * 24 * 3_600_000)).toMatchObject({ isRepaired: false });
    expect(read((NOW - 60_000) / 1_000)).toEqual({ deliverBy: NOW - 60_000, isRepaired: true });
  });

  it.each([
    true,
    false,
    [THEN],
    { value: THEN },
    { '!': 'timestamp', value: 'soon' },
    60_000,
    '60000',
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    NOW - 31 * 24 * 3_600_000,
    // A clock that was never set, and one that counts from 1980.
    Date.UTC(2020, 5, 1),
    SECONDS - 315_964_800,
    NOW + 10 * 366 * 24 * 3_600_000,
    'soon',
    '2026-11-25T12:10:00',
    '2026-13-45T12:10:00Z',
    '10 minutes',
  ])('is no %j, and that is said once', (header) => {
    const { deliverBy, ignored, isRepaired } = read(header);
    expect([deliverBy, isRepaired]).toEqual([undefined, true]);
    expect(ignored).toMatch(/^(?:an? |not |neither )/);
    // What the producer wrote is nobody's business.
    expect(ignored).not.toMatch(/\d|soon/);
  });

  it.each([undefined, null, '', '  '])('is none with %j', (header) => {
    expect(read(header)).toEqual({ isRepaired: false });
  });

  it.each(['X-Deliver-By', 'x_deliver_by', 'Deliver-By'])(
    'is taken from a header that is called %s',
    (name) => {
      expect(read(THEN, {}, name)).toMatchObject({ deliverBy: THEN });
    },
  );

  it.each([
    ['5 s ago', -5_000, 55_000],
    ['just now', 0, 60_000],
    ['by a clock that is 20 s ahead', 20_000, 60_000],
    ['nearly a minute ago', -59_999, 1],
  ])('is the expiration of a message that was sent %s', (_what, sentMs, leftMs) => {
    const timestamp = new Date(NOW + sentMs);
    expect(read(undefined, { expirationMs: 60_000, timestamp })).toEqual({
      deliverBy: NOW + leftMs,
      isRepaired: false,
    });
    const ofBoth = { deliverBy: NOW + leftMs, ignored: expect.any(String), isRepaired: true };
    expect(read('soon', { expirationMs: 60_000, timestamp })).toEqual(ofBoth);
    expect(read('60000', { expirationMs: 60_000, timestamp })).toEqual(ofBoth);
  });

  it.each([
    ['in 1970', -NOW + 1],
    ['a year ago', -365 * 24 * 3_600_000],
    ['in another time zone', -5 * 3_600_000],
    ['a minute ago', -60_000],
    ['by a clock that is hours ahead', 5 * 3_600_000],
    ['in 2106', Date.UTC(2106, 1, 7) - NOW],
  ])('is counted from now when the message says that it was sent %s, and that is said', (_what, sentMs) => {
    const { deliverBy, ignored, isRepaired } = read(undefined, {
      expirationMs: 60_000,
      timestamp: new Date(NOW + sentMs),
    });
    expect([deliverBy, isRepaired]).toEqual([NOW + 60_000, true]);
    expect(ignored).toMatch(/^a timestamp .*from now$/);
  });

  it('is counted from now without a timestamp, and is none when the expiration is nothing', () => {
    expect(read(undefined, { expirationMs: 60_000 })).toEqual({
      deliverBy: NOW + 60_000,
      isRepaired: false,
    });
    expect(read(undefined, { expirationMs: 0 })).toEqual({ ignored: expect.any(String), isRepaired: true });
  });

  it('is the header, whatever the expiration is', () => {
    const timestamp = new Date(NOW - 3_600_000);
    expect(read(THEN, { expirationMs: 60_000, timestamp })).toEqual({ deliverBy: THEN, isRepaired: false });
  });
});

describe('a producer that is known to wait so long', () => {
  const NOW = Date.UTC(2025, 5, 1);
  const deadline = (delivery: { headers?: object; timestamp?: Date; expirationMs?: number }) =>
    deadlineOf(
      { headers: {}, timestamp: undefined, expirationMs: undefined, ...delivery } as Parameters<
        typeof deadlineOf
      >[0],
      NOW,
      15_000,
    ).deliverBy;

  it('has a deadline, counted from when the message was sent if that is known, else from now', () => {
    expect(deadline({})).toBe(NOW + 15_000);
    expect(deadline({ timestamp: new Date(NOW - 60_000) })).toBe(NOW - 45_000);
  });

  it.each([new Date(0), new Date(NOW + 3_600_000)])('is not believed to have sent it at %s', (timestamp) => {
    expect(deadline({ timestamp })).toBe(NOW + 15_000);
  });

  it('has its own deadline when it says one', () => {
    expect(deadline({ headers: { 'x-deliver-by': NOW + 5_000 } })).toBe(NOW + 5_000);
    expect(deadline({ expirationMs: 99_000 })).toBe(NOW + 99_000);
    expect(deadline({ headers: { 'x-deliver-by': 'soon' } })).toBe(NOW + 15_000);
  });
});

it.each([
  ['at the end of its second, as AMQP has no smaller ones', new Date(NOW - 60_000), NOW - 59_001],
  ['now when that second is not over', new Date(NOW), NOW],
  ['now when it says nothing', undefined, NOW],
  ['now when its clock is ahead', new Date(NOW + 3_600_000), NOW],
  ['now when its clock cannot be right', new Date(0), NOW],
])('a message counts as published %s', (_case, timestamp, expected) => {
  expect(publishedAtMs({ timestamp }, NOW)).toBe(expected);
});
