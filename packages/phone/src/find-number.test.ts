import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digitForms, seekNumber } from './index.ts';

const sought = seekNumber('(207) 555-0123', 'US');

describe('a number in a text', () => {
  it.each([
    ['Call +12075550123 now', 'Call [number removed] now'],
    ['(207) 555-0123', '[number removed]'],
    ['me:207.555.0123!', 'me:[number removed]!'],
    ['1-207-555-0123, 2075550123', '[number removed], [number removed]'],
    ['00 1 207 555 0123', '[number removed]'],
    ['whatsapp:+1 207\u2011555\u20110123', 'whatsapp:[number removed]'],
    ['\uff0b\uff11\uff12\uff10\uff17\uff15\uff15\uff15\uff10\uff11\uff12\uff13', '[number removed]'],
    ['+\u0661\u0662\u0660\u0667\u0665\u0665\u0665\u0660\u0661\u0662\u0663 x', '[number removed] x'],
    ['room 10 2075550123', 'room 10 [number removed]'],
    ['"+1207\u200b5550123"', '"[number removed]"'],
  ])('is blanked: %j', (text, expected) => {
    expect(sought?.isIn(text)).toBe(true);
    expect(sought?.blank(text)).toBe(expected);
    expect(sought?.isIn(expected)).toBe(false);
  });

  it.each([
    'Call +12075550124',
    '+442075550123',
    '+44 2075550123',
    '20755501234',
    '92075550123',
    '2075550',
    'no number',
  ])('is not in %j', (text) => {
    expect(sought?.isIn(text)).toBe(false);
    expect(sought?.blank(text)).toBe(text);
  });

  it('is found in whatever surrounds it, unless that is a digit', () => {
    const around = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .map((text) => text.replace(/\p{N}|[+＋]/gu, ''));
    fc.assert(
      fc.property(around, around, (before, after) => {
        expect(sought?.isIn(`${before}+12075550123${after}`)).toBe(true);
      }),
    );
  });
});

it.each(['', 'WBOR', '55512', '+1', 'client:anonymous'])('is none: %j', (written) => {
  expect(seekNumber(written, 'US')).toBeUndefined();
});

it('is of the station’s country where it has no code', () => {
  expect(seekNumber('020 7946 0958', 'GB')?.isIn('ring +44 (0)20 7946 0958')).toBe(true);
  expect(seekNumber('020 7946 0958', 'GB')?.isIn('ring 020 7946 0958')).toBe(true);
});

it('knows the digits of many scripts', () => {
  expect(digitForms().get('7')).toMatch(/^7.*٧.*７/u);
  expect(new Set([...digitForms().values()].map((forms) => Array.from(forms).length > 50))).toEqual(
    new Set([true]),
  );
});
