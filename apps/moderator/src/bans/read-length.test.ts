import { createStationClock } from '@wbor/station-clock';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainText } from '../text/plain-text.ts';
import { couldBeLength, wordsOf } from './length-words.ts';
import { plainWords } from './plain-reasons.ts';
import { readBanLength } from './read-length.ts';

/** A Wednesday, 15:00 at the station. */
const NOW = new Date('2026-11-25T20:00:00Z');
const clock = createStationClock('America/New_York');
const HOUR = 3_600_000;

const read = (text: string) => readBanLength(plainText(text), NOW, clock);

/** The hours of a ban; null for good; the kind of what was not understood. */
function hoursOf(text: string): number | null | string {
  const length = read(text);
  if (length.kind !== 'length') return length.kind;
  return length.until === null ? null : (length.until.getTime() - NOW.getTime()) / HOUR;
}

describe('readBanLength', () => {
  it.each([
    ['30m', 0.5],
    ['30min', 0.5],
    ['2h', 2],
    ['2H', 2],
    ['2 h', 2],
    ['2hrs', 2],
    ['2 hours', 2],
    ['two hours', 2],
    ['for 2h', 2],
    ['(2h)', 2],
    ['[2h]', 2],
    ['“2h”', 2],
    ['"2h"', 2],
    ["'2h'", 2],
    ['*2h*', 2],
    ['２h', 2],
    ['２ｈ', 2],
    ['\u200e2h', 2],
    ['2\u200bh', 2],
    ['— 2h', 2],
    ['- 2h', 2],
    ['–2h', 2],
    ['2h.', 2],
    ['2h!', 2],
    ['1.5h', 1.5],
    ['1,5 hours', 1.5],
    ['1h30m', 1.5],
    ['1h 30 min', 1.5],
    ['half an hour', 0.5],
    ['½ h', 0.5],
    ['½ hour', 0.5],
    ['1½h', 1.5],
    ['1 ½ hours', 1.5],
    ['spam ½h', 0.5],
    ['a couple of hours', 2],
    ['for a couple of hours', 2],
    ['for a week', 168],
    ['for an hour', 1],
    ['a fortnight', 336],
    ['for one fortnight', 336],
    ['1 wk', 168],
    ['2wks', 336],
    ['an hour', 1],
    ['one day', 24],
    ['a week', 168],
    ['7d', 168],
    ['2-day', 48],
    ['1w', 168],
    ['2 weeks and 3 days', 17 * 24],
    ['until tomorrow', 9],
    ['until friday', 33],
    ["'til friday", 33],
    ['until friday 5pm', 50],
    ['until 17:00', 2],
    ['until midnight', 9],
    ['until noon', 21],
    ['until tomorrow noon', 21],
    ['until 5pm ET', 2],
    ['until 5pm EST, spam', 2],
    ['till Dec 3', 7 * 24 + 9],
  ])('takes %j for %d hours', (text, hours) => expect(hoursOf(text)).toBe(hours));

  it.each([
    '',
    'spam',
    'rude words',
    'forever',
    'FOREVER',
    'for ever',
    'for good',
    'permanently',
    'spam, for good',
    'perm',
    'permaban',
    '4ever',
    'Forever!',
    'forever, for rude texts',
    'forever — harassing us (again)',
    'he keeps texting us, permanently',
    'racist slurs forever',
    'for good, spam',
    '“spam”',
    'for spamming us again',
    'Sends threatening messages.',
  ])('takes %j for a ban for good', (text) => expect(hoursOf(text)).toBeNull());

  it.each([
    ['2h  rude\nwords', 'rude\nwords'],
    ['rude 2h', 'rude'],
    ['for 2h please', 'please'],
    ['2h—spam', 'spam'],
    ['spam until friday', 'spam'],
    ['forever for rude words', 'for rude words'],
    ['for 2h called Ann a liar', 'called Ann a liar'],
    ['2 hour timeout', 'timeout'],
    ['2h, (again)', 'again)'],
  ])('%j has the reason %j', (text, reason) => expect(read(text)).toMatchObject({ kind: 'length', reason }));

  it('has no plain reason that could be a length, or a part of one', () => {
    for (const word of plainWords) {
      expect(couldBeLength(word), word).toBe(false);
      const found = hoursOf(`2 ${word}`);
      expect(found, word).not.toBeNull();
    }
  });

  it('never bans for good for words that nobody has listed', () => {
    const word = fc.oneof(
      fc.string({ minLength: 1, maxLength: 8 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
      fc.constantFrom(...'spam rude for a the hour 小时 soon forever not'.split(' ')),
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (all) => {
        const text = all.join(' ');
        if (hoursOf(text) !== null || /forever|perm|good/i.test(text)) return;
        for (const { text: said } of wordsOf(plainText(text))) expect(plainWords, text).toContain(said);
      }),
      { numRuns: 500 },
    );
  });

  it('never bans for good when a word has a digit or could be a length', () => {
    const lengthWord = fc.constantFrom(
      ...'one two half hour hours min day days week month year until till tomorrow tonight monday fri may dec'.split(
        ' ',
      ),
      ...'2h ２h 2 ² ½ ٣ ① 30min 1.5 PT2H x9 9x'.split(' '),
    );
    const noise = fc.constantFrom(
      ...'spam rude please for the a and , . ( ) " “ ” — - \u200b \u202e \u2066 \ufeff 🎶'.split(' '),
      '\n',
    );
    const joiner = fc.constantFrom(' ', '  ', '\n', '\u00a0', ' - ', ' \u200b');
    fc.assert(
      fc.property(
        fc.array(noise, { maxLength: 4 }),
        lengthWord,
        fc.array(noise, { maxLength: 4 }),
        joiner,
        (before, word, after, blank) => {
          const text = ['x', ...before, word, ...after].join(blank);
          expect(hoursOf(text), JSON.stringify(text)).not.toBeNull();
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never throws, bans to the past or for more than ten years, whatever the text', () => {
    const piece = fc.constantFrom(
      ...'2 99999999999 h d until forever 5pm feb 30 / : . - + 1e9 in ago next last'.split(' '),
      '\u0000',
      '９',
    );
    const any = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(' ')),
    );
    fc.assert(
      fc.property(any, (text) => {
        const hours = hoursOf(text);
        if (typeof hours === 'number') expect(hours > 0 && hours <= 10 * 366 * 24).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
