import type { StationClock } from '@wbor/station-clock';
import * as chrono from 'chrono-node/en';
import { couldBeLength, holdsLengthWord, wordsOf } from './length-words.ts';

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

const FOREVER =
  /(?<![\p{L}\p{N}])(?:for ?ever(?:more)?|for good|for life|for all time|permanent(?:ly)?|perma?(?:ban(?:ned)?)?|indefinite(?:ly)?|always|eternally|4 ?ever)(?![\p{L}\p{N}])/iu;
/** Words that join a length to something that makes it another length. */
const JOINTS = new Set(['and', 'a', 'an', 'plus', 'or', 'of']);
const UNTIL = new Set(['until', 'untill', 'till', 'til']);
/** Before or after a length these tell of what has been, or how often. */
const NO_LENGTH_BEFORE = new Set(
  'since after from last past in within every each per this over during not no before under'.split(' '),
);
const NO_LENGTH_AFTER = new Set('ago earlier old late early before after each every per'.split(' '));
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
 * Reads how long a ban is meant to be, wherever that stands in the text, and the reason around it. What looks like a
 * length and is not understood is asked about. Without an end is a ban only if that is said, or if no word could be a
 * length: a ban for good because "for 2h" was taken for a reason would surprise.
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
  const forever = FOREVER.exec(clean);
  if (forever) {
    const reason = reasonAround(text, forever.index, forever[0].length);
    const isFirst = wordsOf(clean.slice(0, forever.index)).length === 0;
    const rest = clean.slice(0, forever.index) + clean.slice(forever.index + forever[0].length);
    const isClear = lengths.length === 0 && (isFirst || !holdsLengthWord(rest));
    return isClear ? { kind: 'length', until: null, reason } : UNCLEAR;
  }
  if (!only) return holdsLengthWord(clean) ? UNCLEAR : { kind: 'length', until: null, reason: text.trim() };
  if (lengths.length > 1 || !standsAlone(clean, only)) return UNCLEAR;
  const until = endOf(clean, only, now, clock);
  if (until === undefined) return UNCLEAR;
  return { kind: 'length', until, reason: reasonAround(text, only.index, only.text.length) };
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
  if (NO_LENGTH_BEFORE.has(wordsOf(found.text)[0]?.text ?? '')) return false;
  if (NO_LENGTH_BEFORE.has(wordsBefore.at(-1) ?? '') || NO_LENGTH_AFTER.has(wordsAfter[0] ?? ''))
    return false;
  const next = wordsAfter.find((word) => !JOINTS.has(word)) ?? '';
  if (couldBeLength(next)) return false;
  const lead = wordsBefore.filter((word) => !UNTIL.has(word) && word !== 'for' && word !== 'the');
  // Behind the reason it is a length only if nothing else there could be one.
  return lead.length === 0 || !(holdsLengthWord(lead.join(' ')) || holdsLengthWord(after));
}

/** When the ban ends; undefined when that is not said clearly, is over, or is too far away. */
function endOf(text: string, found: chrono.ParsedResult, now: Date, clock: StationClock): Date | undefined {
  if (found.end) return undefined;
  const isUntil = UNTIL.has(wordsOf(text.slice(0, found.index)).at(-1)?.text ?? '');
  // "the week" may be what is left of it.
  if (/^the\b/i.test(found.text)) return undefined;
  // The library takes the last of "2h 3h".
  if (UNITS.some((unit) => (found.text.match(unit)?.length ?? 0) > 1)) return undefined;
  const isLength = found.tags().has('result/relativeDate');
  const end = isLength ? found.date() : isUntil ? endOfDate(found, now, clock) : undefined;
  const lengthMs = end === undefined ? 0 : end.getTime() - now.getTime();
  return lengthMs > 0 && lengthMs <= MAX_MS ? end : undefined;
}

/** Until a day is until it begins; until an hour of which nobody knows whether AM or PM is until nothing. */
function endOfDate({ start }: chrono.ParsedResult, now: Date, clock: StationClock): Date | undefined {
  const part = (name: chrono.Component): number => start.get(name) ?? 0;
  const day = { year: part('year'), month: part('month'), day: part('day') };
  if (start.isCertain('hour')) {
    if (!start.isCertain('meridiem')) return undefined;
    return clock.toInstant({ ...day, hour: part('hour'), minute: part('minute') });
  }
  const beginning = clock.toInstant({ ...day, hour: 0, minute: 0 });
  // Today has begun: "tonight" is an hour of it.
  if (beginning > now) return beginning;
  return clock.toInstant({ ...day, hour: part('hour'), minute: part('minute') });
}

function reasonAround(text: string, index: number, length: number): string {
  const before = text
    .slice(0, index)
    .replace(/(?:^|(?<=\s))(?:for|until|untill|till|'?til|the)\s*$/iu, '')
    .replace(/[^\p{L}\p{N}]+$/u, '');
  const after = text.slice(index + length).replace(/^[^\p{L}\p{N}]+/u, '');
  return `${before} ${after}`.trim();
}
