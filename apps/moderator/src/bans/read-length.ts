import * as chrono from 'chrono-node/en';
import type { StationClock } from '../text/station-clock.ts';
import { couldBeLength, holdsLengthWord, wordsOf } from './length-words.ts';
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
    'I am not sure how long that is meant to be, so nothing was done. Put it first, like 30m, 2h, 7d, "until tomorrow" or "forever", then the reason.',
};

const FOR_GOOD =
  /(?<![\p{L}\p{N}])(?:(?:for|4)\s*ever|for\s+life|perm(?:a|anent(?:ly)?|aban(?:ned)?|\s?ban(?:ned)?)?|indefinite(?:ly)?|for\s+good)(?![\p{L}\p{N}])/iu;
/** Words that join a length to something that makes it another length. */
const JOINTS = new Set(['and', 'a', 'an', 'plus', 'or', 'of']);
const UNTIL = new Set(['until', 'untill', 'till', 'til']);
/** What the library takes for the beginning of a length, and is of what has been, how often, or of nobody knows which day. */
const NO_LENGTH = new Set(
  'since after from last past in within every each per this over during next end beginning start'.split(' '),
);
/** What takes back, or bends, what was said before it. */
const DOUBTS = new Set(
  `not no nope nah never nor or if unless except but maybe perhaps probably possibly almost nearly semi less minus more
   than instead rather wait actually oops scratch jk kidding joking isn wasn don doesn won`.split(/\s+/),
);
const NO_LENGTH_AFTER = new Set(
  'ago earlier old late early before after each every per max min tops starting beginning off x times'.split(
    ' ',
  ),
);
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
export function readBanLength(text: string, now: Date, clock: StationClock): BanLength {
  const clean = withoutDecoration(text);
  const lengths = chrono.casual.parse(
    clean,
    { instant: now, timezone: clock.offsetMinutes(now) },
    { forwardDate: true },
  );
  const [only] = lengths;
  const forGood = FOR_GOOD.exec(clean);
  if (forGood) {
    if (only || !isSaid(clean, forGood)) return UNCLEAR;
    return { kind: 'length', until: null, reason: reasonAround(text, forGood.index, forGood[0].length) };
  }
  if (!only) return isPlainReason(clean) ? { kind: 'length', until: null, reason: text.trim() } : UNCLEAR;
  if (lengths.length > 1 || !standsAlone(clean, only)) return UNCLEAR;
  const until = endOf(clean, only, now, clock);
  if (until === undefined) return UNCLEAR;
  return { kind: 'length', until, reason: reasonAround(text, only.index, only.text.length) };
}

/**
 * Whether "forever" is meant as it stands there: it is not "not forever", and what follows says nothing of a time. "For
 * good" may go on as "for good measure".
 */
function isSaid(text: string, { 0: phrase, index }: RegExpExecArray): boolean {
  const before = text.slice(0, index);
  const after = text.slice(index + phrase.length);
  if (!isPlain(before)) return false;
  if (/good$/i.test(phrase)) return isPlain(after);
  return (
    !after.includes('?') && !holdsLengthWord(after) && wordsOf(after).every((word) => !DOUBTS.has(word.text))
  );
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
  const before = text.slice(0, found.index);
  const after = text.slice(found.index + found.text.length);
  if (!/(?:^|[\s,;:!?#])$/.test(before) || !/^(?:$|[\s,;:!?]|\.(?!\d))/.test(after)) return false;
  const wordsBefore = wordsOf(before).map((word) => word.text);
  const wordsAfter = wordsOf(after).map((word) => word.text);
  if (NO_LENGTH.has(wordsOf(found.text)[0]?.text ?? '')) return false;
  const [first = ''] = wordsAfter;
  if (NO_LENGTH_AFTER.has(first) || DOUBTS.has(first)) return false;
  const next = wordsAfter.find((word) => !JOINTS.has(word)) ?? '';
  if (couldBeLength(next)) return false;
  if (UNTIL.has(wordsBefore.at(-1) ?? '')) wordsBefore.pop();
  // Behind the reason it is a length only if that is plainly one, and nothing else there could be a length.
  return wordsBefore.length === 0 || (isPlain(wordsBefore.join(' ')) && !holdsLengthWord(after));
}

/** When the ban ends; undefined when that is not said clearly, is over, or is too far away. */
function endOf(text: string, found: chrono.ParsedResult, now: Date, clock: StationClock): Date | undefined {
  if (found.end) return undefined;
  const isUntil = UNTIL.has(wordsOf(text.slice(0, found.index)).at(-1)?.text ?? '');
  // "the week" may be what is left of it.
  if (/^the\b/i.test(found.text)) return undefined;
  // Thousands here and decimals there; minutes here and months there; the last of these the library passes over.
  if (/\d[.,]\d{3}(?!\d)/.test(found.text) || /\d\s*M(?!\p{L})/u.test(found.text)) return undefined;
  // The library adds up "1 hour a day", and takes the last of "2h 3h".
  if (/(?<!half|quarter|quarter of)\s(?:an?|each|every|per)\s/i.test(found.text)) return undefined;
  if (UNITS.some((unit) => (found.text.match(unit)?.length ?? 0) > 1)) return undefined;
  const isLength = found.tags().has('result/relativeDate');
  if (isLength && found.text.includes(',')) return undefined;
  const end = isLength ? found.date() : isUntil ? endOfDate(found, now, clock) : undefined;
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
  const hasHour = start.isCertain('hour');
  if (hasHour ? !start.isCertain('meridiem') : DAY_PART.test(found.text)) return undefined;
  const end = clock.toInstant({
    ...day,
    hour: hasHour ? part('hour') : 0,
    minute: hasHour ? part('minute') : 0,
  });
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
