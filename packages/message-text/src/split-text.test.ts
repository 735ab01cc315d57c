import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sanitiseText } from './sanitise-text.ts';
import { splitText, truncateText } from './split-text.ts';
import { anyText, graphemesOf, withoutWhiteSpace } from './text-arbitraries.testing.ts';

const isVisible = (grapheme: string) => /\S/u.test(grapheme);

describe('splitText', () => {
  it('leaves a text that fits in one part, trimmed', () => {
    expect(splitText(' \n one two \t', { maxLength: 7 })).toEqual(['one two']);
  });

  it('makes no part of a blank text', () => {
    expect(splitText('', { maxLength: 10 })).toEqual([]);
    expect(splitText(' \n\t\u3000'.repeat(100), { maxLength: 10 })).toEqual([]);
  });

  it('cuts at words', () => {
    expect(splitText('alpha beta gamma delta', { maxLength: 12 })).toEqual(['alpha beta', 'gamma delta']);
  });

  it('lets a word end exactly where the part ends', () => {
    expect(splitText('alpha beta gamma', { maxLength: 10 })).toEqual(['alpha beta', 'gamma']);
  });

  it('prefers the end of a line to a later word, and the end of a paragraph to both', () => {
    expect(splitText('one two\nthree four', { maxLength: 10 })).toEqual(['one two', 'three four']);
    expect(splitText('one two\n\n3\n4 five six', { maxLength: 11 })).toEqual(['one two', '3\n4 five', 'six']);
  });

  it('fills a part rather than waste more than a third of it on a nicer cut', () => {
    expect(splitText('one\n\ntwo three four', { maxLength: 12 })).toEqual(['one\n\ntwo', 'three four']);
    expect(splitText(`ab ${'x'.repeat(20)}`, { maxLength: 12 })).toEqual([
      `ab ${'x'.repeat(9)}`,
      'x'.repeat(11),
    ]);
  });

  it('does not part what a no-break space holds together', () => {
    expect(splitText('about the 10\u202f000 people', { maxLength: 14 })).toEqual([
      'about the',
      '10\u202f000 people',
    ]);
  });

  it('cuts an address at one of its joints', () => {
    expect(splitText('https://example.org/album/pictures', { maxLength: 28 })).toEqual([
      'https://example.org/album/',
      'pictures',
    ]);
  });

  it('keeps the words of a script without spaces whole', () => {
    const text = 'ประเทศไทยเป็นประเทศที่สวยงาม';
    const wordStarts = new Set(
      Array.from(new Intl.Segmenter('und', { granularity: 'word' }).segment(text), ({ index }) => index),
    );
    const parts = splitText(text, { maxLength: 12 });
    let offset = 0;
    for (const part of parts) {
      expect(wordStarts).toContain(offset);
      offset += part.length;
    }
    expect(parts.length).toBeGreaterThan(2);
  });

  it('keeps a family of joined emoji, a flag and a skin tone whole', () => {
    const family = '👩‍👩‍👧‍👦';
    expect(splitText(family.repeat(3), { maxLength: 23 })).toEqual([family + family, family]);
    expect(splitText('🇺🇸🇩🇪🇫🇷', { maxLength: 7 })).toEqual(['🇺🇸', '🇩🇪', '🇫🇷']);
    expect(splitText('👍🏽👍🏽', { maxLength: 6 })).toEqual(['👍🏽', '👍🏽']);
  });

  it('cuts a grapheme that fits into no part, between code points', () => {
    expect(splitText(`a${'\u{1e8d0}'.repeat(5)}`, { maxLength: 4 })).toEqual([
      'a\u{1e8d0}',
      '\u{1e8d0}\u{1e8d0}',
      '\u{1e8d0}\u{1e8d0}',
    ]);
  });

  it('keeps a space that carries more marks than a part holds', () => {
    const marks = '\u0301'.repeat(4);
    expect(splitText(`ab ${marks}`, { maxLength: 3 })).toEqual(['ab', ' \u0301\u0301', '\u0301\u0301']);
  });

  it('does not move a mark from the space under it to the word before', () => {
    expect(splitText('abcd \u0301efg', { maxLength: 5 })).toEqual(['abcd', ' \u0301efg']);
  });

  it.each([
    ['combining marks', `a${'\u0301'.repeat(16_000)}`],
    ['one letter', 'x'.repeat(16_000)],
    ['newlines around two letters', `a${'\n'.repeat(16_000)}b`],
    ['spaces and letters', 'x '.repeat(8_000)],
    ['flags', '🇺🇸'.repeat(4_000)],
    ['joined emoji', '👩‍👩‍👧‍👦\u200d'.repeat(1_300)],
    ['Thai', 'ประเทศไทย'.repeat(1_700)],
  ])('splits 16,000 units of %s without a part over the limit', (_name, text) => {
    const parts = splitText(text, { maxLength: 900 });
    expect(withoutWhiteSpace(parts.join(''))).toBe(withoutWhiteSpace(text));
    expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(900);
    expect(parts.length).toBeLessThanOrEqual(Math.ceil((text.length / 900) * 1.5) + 1);
  });

  it('refuses a limit in which no emoji fits', () => {
    expect(() => splitText('a', { maxLength: 1 })).toThrow(RangeError);
    expect(() => splitText('a', { maxLength: Number.NaN })).toThrow(RangeError);
  });

  const anyLimit = fc.oneof(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 41, max: 1000 }));

  it('never makes a part that is empty, too long, or has white space at an end', () => {
    fc.assert(
      fc.property(anyText.map(sanitiseText), anyLimit, (text, maxLength) => {
        for (const part of splitText(text, { maxLength })) {
          expect(part.length).toBeLessThanOrEqual(maxLength);
          const units = graphemesOf(part);
          // A grapheme that is longer than a part may begin with white space and is cut anywhere.
          if (graphemesOf(text).every((grapheme) => grapheme.length <= maxLength)) {
            expect(isVisible(units[0] ?? '')).toBe(true);
            expect(isVisible(units.at(-1) ?? '')).toBe(true);
          }
          expect(part.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it('loses nothing but white space, and keeps the order', () => {
    fc.assert(
      fc.property(anyText.map(sanitiseText), anyLimit, (text, maxLength) => {
        const parts = splitText(text, { maxLength });
        expect(withoutWhiteSpace(parts.join(''))).toBe(withoutWhiteSpace(text));
        // Inside a part every character is as it was: each is found in the text after the one before.
        let offset = 0;
        for (const part of parts) {
          const found = text.indexOf(part, offset);
          expect(found).toBeGreaterThanOrEqual(offset);
          expect(text.slice(offset, found)).toMatch(/^\s*$/u);
          offset = found + part.length;
        }
        expect(text.slice(offset)).toMatch(/^\s*$/u);
      }),
    );
  });

  it('cuts no grapheme that fits into a part', () => {
    fc.assert(
      fc.property(anyText.map(sanitiseText), anyLimit, (text, maxLength) => {
        const whole = graphemesOf(text);
        fc.pre(whole.every((grapheme) => grapheme.length <= maxLength));
        const seen = splitText(text, { maxLength }).flatMap(graphemesOf);
        expect(seen.filter(isVisible)).toEqual(whole.filter(isVisible));
      }),
    );
  });

  it('wastes at most a third of every part but the last, white space aside', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 30 });
    const text = fc
      .array(fc.tuple(word, fc.constantFrom(' ', '\n')), { maxLength: 80, size: 'max' })
      .map((pieces) => pieces.flat().join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: 10, max: 200 }), (words, maxLength) => {
        for (const part of splitText(words, { maxLength }).slice(0, -1)) {
          // The white space that was trimmed, here one character, counts as filled.
          expect(part.length + 1).toBeGreaterThanOrEqual(Math.floor((maxLength * 2) / 3));
        }
      }),
    );
  });
});

describe('truncateText', () => {
  it('says that something is missing, and cuts no grapheme', () => {
    expect(truncateText('short', 5)).toBe('short');
    expect(truncateText('longer', 5)).toBe('long…');
    expect(truncateText('ab👍🏽👍🏽', 8)).toBe('ab👍🏽…');
  });
});
