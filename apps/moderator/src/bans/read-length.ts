import type { StationClock } from '@wbor/station-clock';
import * as chrono from 'chrono-node/en';
import { couldBeLength, holdsLengthWord, wordList, wordsOf } from './length-words.ts';
import { isPlain, isPlainReason } from './plain-reasons.ts';

/** Longer than anybody stays at a college station. */
const MAX_MS = 10 * 366 * 86_400_000;

export type BanLength =
  /** `until` is null for a ban without an end. */
  | { readonly kind: 'length'; readonly until: Date | null; readonly reason: string }
  | { readonly kind: 'invalid'; readonly reply: string };

const UNCLEAR: BanLength = {
  kind: 'invalid',
  reply:
    'I am not sure how long that is meant to be, so nothing was done. Put it first, like 30m, 2h, 7d, "until tomorrow" or "forever", then the reason. After "until …" and "forever" I take only a plain one, such as "spam".',
};

const FOR_GOOD =
  /(?<![\p{L}\p{N}])(?:(?:for|4)\s*ever|for\s+life|perm(?:a|anent(?:ly)?|aban(?:ned)?|\s?ban(?:ned)?)?|indefinite(?:ly)?|for\s+good)(?![\p{L}\p{N}])/iu;
/** Words that join a length to something that makes it another length. */
const JOINTS = new Set(['and', 'a', 'an', 'plus', 'or', 'of']);
const UNTIL = /(?<![\p{L}\p{N}])(?:untill?|till?)\s*$/iu;
/** What the library takes for the beginning of a length, and is of what has been, how often, or of nobody knows which day. */
const NO_LENGTH = new Set(
  wordList('since after from last past in within every each per this over during next end beginning start'),
);
/** What bends the length that it follows, or makes a rate of it. */
const NO_LENGTH_AFTER = new Set(
  wordList(`
    ago earlier old late early before after max min tops starting beginning off x times a an
    not no nope nah never nor or if unless except but maybe perhaps probably possibly almost nearly semi less minus more
    than instead rather isn wasn don dont doesn doesnt won wont can cant cannot shouldn shouldnt`),
);
/** What takes back what was said before it, however far. */
const RETRACTIONS = new Set(
  wordList('wait actually oops scratch jk kidding joking sorry nvm nevermind cancel undo wrong mistake'),
);
/** What the library reads as an exact length and people do not: a few are three to it, "a mo" is a month. */
const VAGUE = /\b(?:few|several|quarters?|qtr|mon|an?\s+mo)\b/i;
/** Times of a day that are no hour of it. */
const DAY_PART = /\b(?:morning|afternoon|evening|night|tonight)\b/i;
/** From here on a date without a year is more likely a slip than meant: the day before yesterday, in a year. */
const MAX_WITHOUT_YEAR_MS = 300 * 86_400_000;
const UNITS = [
  's(?:ecs?|econds?)?',
  'm(?:ins?|inutes?)?',
  'h(?:rs?|ours?)?',
  'd(?:ays?)?',
  'w(?:ks?|eeks?)?',
  'mo(?:s|nths?)?',
  'y(?:rs?|ears?)?',
].map((unit) => new RegExp(`(?<![a-z])(?:${unit})(?![a-z])`, 'gi'));

/**
 * Reads how long a ban is meant to be, wherever that stands in the text, and the reason around it. Without an end is a
 * ban only if that is said, or if nothing is said but a reason in plain words: whatever else might be a length that is
 * not understood, and a ban for good because "for 2h" was taken for a reason would surprise.
 *
 * @param text what follows the UID, as `plainText` leaves it.
 */
export function readBanLength(typed: string, now: Date, clock: StationClock): BanLength {
  const text = withUsualUnits(typed);
  const clean = withoutDecoration(text);
  const forGood = FOR_GOOD.exec(clean);
  if (forGood) {
    if (!isSaid(clean, forGood)) return UNCLEAR;
    return { kind: 'length', until: null, reason: reasonAround(text, forGood.index, forGood[0].length) };
  }
  const lengths = chrono.casual.parse(
    clean,
    { instant: now, timezone: clock.offsetMinutes(now) },
    { forwardDate: true },
  );
  const [only] = lengths;
  if (!only) {
    return isPlainReason(clean) ? { kind: 'length', until: null, reason: reasonAround(text, 0, 0) } : UNCLEAR;
  }
  if (lengths.length > 1 || !standsAlone(clean, only)) return UNCLEAR;
  const until = endOf(clean, only, now, clock);
  if (until === undefined) return UNCLEAR;
  return { kind: 'length', until, reason: reasonAround(text, only.index, only.text.length) };
}

/**
 * Whether "forever" is meant as it stands there: nothing is said besides but a plain reason. Nobody can list all that takes
 * it back, or ends it. "For good" and "for life" may go on, as in "for good measure".
 */
function isSaid(text: string, { 0: phrase, index }: RegExpExecArray): boolean {
  const after = text.slice(index + phrase.length);
  if (/(?:good|life)$/i.test(phrase) && /^\s*\p{L}/u.test(after)) return false;
  return isPlain(text.slice(0, index)) && isPlainReason(after);
}

/** Spellings of exact lengths that the library does not know. */
function withUsualUnits(text: string): string {
  return text
    .replace(/(?:(\d+)\s?)?½(?=\s?[hdwmy])/gi, (_, whole: string | undefined) => `${whole ?? 0}.5`)
    .replace(/(\d\s?)wks?\b/gi, '$1w')
    .replace(/^((?:for\s+)?)(?:an?|one|1)\s+fortnight\b/i, '$12 weeks');
}

/** The same text, place by place, with blanks for what stands around words and carries no meaning. */
function withoutDecoration(text: string): string {
  return (
    text
      .replace(/["“”„‟«»‹›`´()[\]{}<>*_]|(?<![\p{L}\p{N}])['‘’‚]|['‘’‚](?![\p{L}\p{N}])/gu, ' ')
      .replace(/[\u2010-\u2015]/g, ' ')
      // A hyphen, unless it makes a number negative or two numbers a range.
      .replace(/-(?=\s|$)|(?<=\d)-(?=\p{L})|(?<=\p{L})-(?=[\p{L}\d])/gu, ' ')
      .replace(/(?<=\d),(?=\d{1,2}\s?\p{L})/gu, '.')
  );
}

/** Whether nothing beside it could be a part of the length, or say that it is none. */
function standsAlone(text: string, found: chrono.ParsedResult): boolean {
  const before = text.slice(0, found.index).replace(UNTIL, '');
  const after = text.slice(found.index + found.text.length);
  // ",5 hours" may be half of them.
  if (!/(?:^|[\s;:!#]|\p{L},)$/u.test(text.slice(0, found.index))) return false;
  if (!/^(?:$|[\s,;:!]|\.(?!\d))/.test(after) || /^\s*\?/.test(after)) return false;
  if (NO_LENGTH.has(wordsOf(found.text)[0]?.text ?? '')) return false;
  const wordsAfter = wordsOf(after).map((word) => word.text);
  if (NO_LENGTH_AFTER.has(wordsAfter[0] ?? '') || wordsAfter.some((word) => RETRACTIONS.has(word)))
    return false;
  const next = wordsAfter.find((word) => !JOINTS.has(word)) ?? '';
  if (couldBeLength(next) || holdsLengthWord(after)) return false;
  // Behind the reason it is a length only if that is plainly one; "texts a minute" is a rate.
  const isRate = /^an?\b/i.test(found.text) && wordsOf(before).length > 0;
  return isPlain(before) && !isRate;
}

/** When the ban ends; undefined when that is not said clearly, is over, or is too far away. */
function endOf(text: string, found: chrono.ParsedResult, now: Date, clock: StationClock): Date | undefined {
  if (found.end || VAGUE.test(found.text)) return undefined;
  // "the week" may be what is left of it.
  if (/^the\b/i.test(found.text)) return undefined;
  // Thousands here and decimals there; minutes here and months there; the last of these the library passes over.
  if (/\d[.,]\d{3}(?!\d)/.test(found.text) || /\d\s*M(?!\p{L})/u.test(found.text)) return undefined;
  // The library adds up "1 hour a day", and takes the last of "2h 3h".
  if (/(?<!for|half|quarter|quarter of)\s(?:an?|each|every|per)\s/i.test(found.text)) return undefined;
  if (UNITS.some((unit) => (found.text.match(unit)?.length ?? 0) > 1)) return undefined;
  const isUntil = UNTIL.test(text.slice(0, found.index));
  const isLength = found.tags().has('result/relativeDate');
  if (isLength && found.text.includes(',')) return undefined;
  // "Until 17h" is no length, and a time zone may be called whatever a place is called.
  if (isLength === isUntil) return undefined;
  if (isUntil && !isPlain(text.slice(found.index + found.text.length))) return undefined;
  const end = isLength ? found.date() : endOfDate(found, now, clock);
  const lengthMs = end === undefined ? 0 : end.getTime() - now.getTime();
  return lengthMs > 0 && lengthMs <= MAX_MS ? end : undefined;
}

/**
 * Until a day is until it begins; until an hour of which nobody knows whether AM or PM, an evening, this Friday on a
 * Friday, or 1/12 is until nothing.
 */
function endOfDate(found: chrono.ParsedResult, now: Date, clock: StationClock): Date | undefined {
  const { start } = found;
  const part = (name: chrono.Component): number => start.get(name) ?? 0;
  const day = { year: part('year'), month: part('month'), day: part('day') };
  if (found.tags().has('parser/SlashDateFormatParser') && day.day <= 12 && day.day !== day.month)
    return undefined;
  // "5.5pm" is five past five to the library.
  if (/\d\.\d(?!\d)/.test(found.text)) return undefined;
  // Which week's Friday that is, people do not agree upon.
  if (/\b(?:week|next|last|this)\b/i.test(found.text)) return undefined;
  const hasHour = start.isCertain('hour');
  const isNamedHour = /\bnoon\b|^midnight$/i.test(found.text);
  if (hasHour ? !start.isCertain('meridiem') && !isNamedHour : DAY_PART.test(found.text)) return undefined;
  const end = clock.toInstant({
    ...day,
    hour: hasHour ? part('hour') : 0,
    minute: hasHour ? part('minute') : 0,
  });
  // A zone that is typed must be the station's: IST is three, CST two, and EST not New York's in summer.
  if (start.isCertain('timezoneOffset') && found.date().getTime() !== end.getTime()) return undefined;
  const isFar = !start.isCertain('year') && end.getTime() - now.getTime() > MAX_WITHOUT_YEAR_MS;
  return isFar ? undefined : end;
}

function reasonAround(text: string, index: number, length: number): string {
  const before = text
    .slice(0, index)
    .replace(/(?:^|(?<=\s))(?:for|until|untill|till|'?til|the)\s*$/iu, '')
    .replace(/[^\p{L}\p{N}]+$/u, '');
  const after = text.slice(index + length).replace(/^[^\p{L}\p{N}]+/u, '');
  return `${before} ${after}`.trim();
}
