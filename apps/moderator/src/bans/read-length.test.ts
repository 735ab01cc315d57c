import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainText } from '../text/plain-text.ts';
import { createStationClock } from '../text/station-clock.ts';
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

  it.each([
    '0m',
    '-5m',
    '−5m',
    '5',
    '30m1',
    '99999d',
    '11 years',
    'PT2H',
    '٢h',
    '1/2 hour',
    'twenty four hours',
    'two and a half hours',
    '2 hours and a half',
    '1h30',
    '2-3h',
    '2 or 3 hours',
    '2h 3h',
    '2h2m2h',
    '2h 5551234',
    'forever 2h',
    'spammed for 2h, forever',
    'until 5',
    'until yesterday',
    'until the show',
    'until further notice',
    'tomorrow',
    'friday',
    'rude on friday',
    'since yesterday',
    '2 hours ago',
    'every 2 hours',
    '12 years old',
    'spammed 3 times 2h',
    'for a while',
    'for now or later',
    'temporarily',
    'fortnight',
    'tommorow',
    '15 mintues',
    'an houre',
    'a wek',
    '2 heures',
    'all day',
    'in 2h',
  ])('asks about %j and does not guess', (text) => expect(read(text)).toMatchObject({ kind: 'invalid' }));

  it.each([
    'not forever',
    'never forever',
    'semi-permanent',
    'not for good',
    'not spam, for good',
    'almost forever',
    'forever? no',
    'forever?',
    'forever, not',
    'forever or a while',
    'forever, jk',
    'forever minus a bit',
    'forever until friday',
    'forever 3 times',
    'forever two',
    'forever onehour',
    'forever for the season',
    'perm 1',
    'permanently this week',
    'for good reason',
    'for good measure',
    'for good behavior this term',
    'always',
    'always rude',
    'for life of this show',
    'for life of the station',
    'forever pls dont',
    'forever cannot',
    'forever cancel that',
    "forever, can't",
    "forever? shouldn't",
    'forever nvm',
    'forever undo',
    'perm, lift it after the show',
    'perm as long as I am on air',
    'forever after the show',
    'forever during my slot',
    'perm for the set',
    'perm for the',
    'forever once he texts again',
    'forever next offense',
    'forever someday',
    'forever called Ann a liar',
    'permanent ban is too much',
    'permaban seems harsh',
    'for good behaviour',
    'for good content',
    'for good texts',
    'wrong person',
    'wrong message',
    'wrong caller, forever',
    'is he a bot',
    'was it spam',
    'spam\nforever\nunder review',
  ])('does not take %j for for good', (text) => expect(read(text)).toMatchObject({ kind: 'invalid' }));

  it.each([
    ...'onehour EOD EOW h wknd tmrw tmr houre minuets wekk nite shift timeout tempban temporarily briefly soon'.split(
      ' ',
    ),
    ...'hora horas día días semana heure jour Stunde Tag Tage mañana demain morgen'.split(' '),
    ...'小时 天 時間 日 час час. неделя ساعة 🕑 ⏰ ~ ∞'.split(' '),
    'a while',
    'for the rest of the show',
    'rest of the show',
    'this semester',
    'until finals',
    'till the break',
    'una hora',
    'dos días',
    'eine Woche',
    'deux heures',
    '一小时',
    'two \u04bbours',
    '2 h\u043eurs',
    'an h\u043eur',
    'Ⅱ h',
    'ii h',
    'for a',
    'for the',
    'spam for a',
    'how long?',
    'spam?',
    'who knows',
  ])('asks about %j, which is no plain reason', (text) =>
    expect(read(text)).toMatchObject({ kind: 'invalid' }),
  );

  it.each([
    'until tomorrow night',
    'until friday evening',
    'until tonight',
    'until this friday',
    'until next friday',
    'until next week',
    'until end of november',
    'until november',
    'until Nov 20',
    'until 12/1',
    'until 1/12',
    'until 12.1.2026',
    '1 hour a day',
    '1 hour each day',
    '2h, 30m',
    '2 hours, 30 minutes',
    '2h less 10',
    '2h minus 10m',
    'minus 2h',
    'at least 2h',
    'another 2h',
    '2h more',
    '2h max',
    '2h not 3h',
    '2h, no wait',
    '2h or so',
    '1.000 hours',
    '1,000 hours',
    '1M',
    '30M',
    '1 M',
    '.5h',
    'called Ann 2h',
    'sends a text a minute',
    'texts an hour',
    'spam, a week',
    ',5 hours',
    '(,5 hours)',
    'spam ,5 hours',
    '2²h',
    '1²h',
    '2①h',
    '2¼h',
    '¾ h',
    'a quarter',
    'for a quarter',
    '3 quarters',
    '2 qtr',
    'a few hours',
    'several days',
    'a mo',
    '3 mon',
    'until 17h',
    'until 2h',
    'till 5 hours',
    'until friday next week',
    'until friday of next week',
    'until monday this week',
    'until friday midnight',
    '2h?',
    '2h ?',
    '? 2h',
  ])('does not guess the end of %j', (text) => expect(read(text)).toMatchObject({ kind: 'invalid' }));

  it.each([
    'until 10pm PT',
    'until 10pm pt',
    'until 5pm UTC',
    'until 5pm utc+2',
    'until 5pm +02:00',
    'until tomorrow 5pm CET',
    'until tomorrow CET',
    'until friday EST',
    'until 5pm PST',
    'until 5pm (PST)',
    'until 5pm EDT',
    'until dec 1 17:00 GMT',
    'until monday 9am JST',
    'until 5 pm central',
    'until 5pm Berlin time',
    'until 5pm UTC on Friday',
    'until friday PT 5pm',
    'until UTC 17:00',
    'until 2026-12-01T17:00Z',
    'until midnight pacific',
  ])('asks about %j, which is of another time zone', (text) =>
    expect(read(text)).toMatchObject({ kind: 'invalid' }),
  );

  it.each([
    '1 day, sorry, 1 fortnight',
    '2h make that a fortnight',
    '2h all week',
    '1 day for every text (5)',
    '2h for each text',
    '2h a text',
    '2h longer',
    '2h nightly',
    '2h on weekends',
    '2h spam, twice',
    '2h until he says sorry',
    '2h rude, no, 3 hours',
    '2h then forever',
    '2h sent 3 rude texts',
    '2h nvm',
    '2h, wrong person',
    '2h spam, cancel that',
    'until friday after the show',
    'until friday, called Ann a liar',
  ])('asks about %j, where more is said behind the length', (text) =>
    expect(read(text)).toMatchObject({ kind: 'invalid' }),
  );

  it('asks about this Friday on a Friday', () => {
    const friday = new Date('2026-11-27T15:00:00Z');
    expect(readBanLength('until friday', friday, clock)).toMatchObject({ kind: 'invalid' });
    expect(readBanLength('until nov 27', friday, clock)).toMatchObject({ kind: 'invalid' });
    expect(readBanLength('until saturday', friday, clock)).toMatchObject({ kind: 'length' });
  });

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

describe('the clock of the station', () => {
  it('knows both changes of the hour', () => {
    expect(clock.toInstant({ year: 2026, month: 3, day: 8, hour: 0, minute: 0 }).toISOString()).toBe(
      '2026-03-08T05:00:00.000Z',
    );
    expect(clock.toInstant({ year: 2026, month: 3, day: 9, hour: 0, minute: 0 }).toISOString()).toBe(
      '2026-03-09T04:00:00.000Z',
    );
    expect(clock.toInstant({ year: 2026, month: 11, day: 2, hour: 0, minute: 0 }).toISOString()).toBe(
      '2026-11-02T05:00:00.000Z',
    );
    const berlin = createStationClock('Europe/Berlin');
    expect(berlin.toInstant({ year: 2026, month: 7, day: 1, hour: 0, minute: 0 }).toISOString()).toBe(
      '2026-06-30T22:00:00.000Z',
    );
    expect(createStationClock('UTC').offsetMinutes(NOW)).toBe(0);
  });
});
