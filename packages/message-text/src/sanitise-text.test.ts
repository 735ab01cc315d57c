import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitiseText } from './sanitise-text.ts';
import { anyText } from './text-arbitraries.testing.ts';

describe('sanitiseText', () => {
  it.each([
    ['carriage returns', 'a\r\nb\rc', 'a\nb\nc'],
    ['carriage returns that were doubled', 'a\r\r\nb\r\rc', 'a\nb\n\nc'],
    ['vertical tabs, form feeds and next lines', 'a\u000bb\u000cc\u0085d', 'a\nb\nc\nd'],
    ['a million carriage returns', '\r'.repeat(1_000_000), '\n'.repeat(1_000_000)],
    ['no-break spaces', 'a\u00a0b', 'a b'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'a\nb\nc'],
    ['C0 controls, tab and newline excepted', '\u0000a\u0007\u000e\u001b\tb\n', '�a���\tb\n'],
    ['delete and C1 controls', '\u007f\u0080\u0084\u009f', '����'],
    ['lone surrogates', 'a\ud83db\udc69c', 'a�b�c'],
    ['halves parted by a carriage return', '\ud83d\r\udc69', '�\n�'],
  ])('replaces %s', (_name, raw, expected) => {
    expect(sanitiseText(raw)).toBe(expected);
  });

  it.each([
    ['quotes, tabs and backslashes', 'He said "hi"\nline 2\tTab \\ back'],
    ['joined emoji', '👩‍👩‍👧‍👦 🏳️‍🌈'],
    ['flags, by letters and by tags', '🇺🇸 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}'],
    ['skin tones and variation selectors', '👍🏽 ❤️ ❤︎'],
    ['direction marks and overrides', '\u200f\u200e\u061c\u202eabc\u202c\u2066x\u2069'],
    ['joiners inside Persian and Hindi', 'می‌خواهم क्‍ष'],
    ['narrow and ideographic spaces', '1\u202f000\u3000円'],
    ['astral letters, private use and unassigned code points', '𝒻𐍈\ue000\u{1faff}\u0378'],
  ])('keeps %s', (_name, text) => {
    expect(sanitiseText(text)).toBe(text);
  });

  it('changes nothing the second time, and leaves no control character, surrogate or \\r', () => {
    fc.assert(
      fc.property(anyText, (raw) => {
        const text = sanitiseText(raw);
        expect(sanitiseText(text)).toBe(text);
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/(?![\n\t])\p{Cc}/u);
      }),
    );
  });
});
