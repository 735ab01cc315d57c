import { describe, expect, it } from 'vitest';
import { readBanLength } from './duration.ts';

describe('readBanLength', () => {
  it.each([
    ['30m', 30 * 60_000],
    ['2h', 2 * 3_600_000],
    ['7D', 7 * 86_400_000],
    ['1w', 7 * 86_400_000],
    ['forever', null],
    ['FOREVER', null],
    ['', null],
  ])('reads %j', (text, lengthMs) => {
    expect(readBanLength(text)).toEqual({ kind: 'length', lengthMs, reason: '' });
  });

  it('takes the rest for the reason', () => {
    expect(readBanLength('2h  rude\nwords')).toEqual({
      kind: 'length',
      lengthMs: 7_200_000,
      reason: 'rude\nwords',
    });
    expect(readBanLength('rude 2h')).toEqual({ kind: 'length', lengthMs: null, reason: 'rude 2h' });
  });

  it.each(['30min', '0m', '-5m', '5', '1.5h', '99999999d', '9999d', '2y', '３０m1', '30m;drop'])(
    'refuses %j and does not guess',
    (text) => {
      const expected = /^[-+]?\d/.test(text) ? 'invalid' : 'length';
      expect(readBanLength(text).kind).toBe(expected);
    },
  );
});
