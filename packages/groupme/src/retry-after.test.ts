import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const nowMs = Date.parse('2026-01-15T12:00:00Z');

describe('parseRetryAfter', () => {
  it.each([
    ['0', 0],
    ['7', 7_000],
    [' 120 ', 120_000],
    ['0.5', 500],
  ])('reads seconds: %j', (value, expected) => {
    expect(parseRetryAfter(value, undefined, nowMs)).toBe(expected);
  });

  it('reads an HTTP date against our clock', () => {
    expect(parseRetryAfter('Thu, 15 Jan 2026 12:00:30 GMT', undefined, nowMs)).toBe(30_000);
  });

  it('reads an HTTP date against the clock of the server when it is given', () => {
    const serverDate = 'Thu, 15 Jan 2026 12:05:00 GMT';
    expect(parseRetryAfter('Thu, 15 Jan 2026 12:05:10 GMT', serverDate, nowMs)).toBe(10_000);
  });

  it('makes no wait of a moment in the past', () => {
    expect(parseRetryAfter('Thu, 15 Jan 2026 11:00:00 GMT', undefined, nowMs)).toBe(0);
  });

  it.each([undefined, '', 'soon', '-5', '1e3', '5 apples', 'Thu, 99 Foo 2026 12:00:00 GMT'])(
    'ignores %j',
    (value) => {
      expect(parseRetryAfter(value, undefined, nowMs)).toBeUndefined();
    },
  );
});
