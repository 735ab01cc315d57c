import type { StationClock } from '@wbor/station-clock';
import { z } from 'zod';
import { type StateName, stateNames } from '../../messages/state.ts';

/** A field of a form that was left empty is not there. Postgres knows no NUL. */
const field = (maxLength = 200) =>
  z
    .string()
    .transform((value) => value.replaceAll('\0', '').trim())
    .pipe(z.string().max(maxLength))
    .optional()
    .catch(undefined)
    .transform((value) => value || undefined);
const day = field(10).transform((value) => (/^\d{4}-\d\d-\d\d$/.test(value ?? '') ? value : undefined));

/** Whether its day and time of day are on the calendar and the clock: Postgres refuses others. */
function isTime(text: string): boolean {
  const iso = text.slice(0, 19).replace(' ', 'T');
  const date = new Date(`${iso}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
}

/** What stands in the address of the page. Whatever is not understood counts as missing: addresses are typed and cut. */
export const filterSchema = z.object({
  q: field(),
  /** Whether the words are meant as whole ones. */
  whole: z.literal('yes').optional().catch(undefined),
  uid: field(256),
  source: field(100),
  /** The last four digits of a number. A whole one may not stand in an address, which logs and histories keep. */
  sender: field(100).transform((value) => (/^\D*\d{4}$/.test(value ?? '') ? value?.slice(-4) : undefined)),
  /** The id of a message: all of its sender's. Unlike the number it may stand in an address. */
  by: field(256),
  state: z
    .enum(Object.keys(stateNames) as [StateName, ...StateName[]])
    .optional()
    .catch(undefined),
  from: day,
  to: day,
  /** Where the page before ended: its last message's time as Postgres has it, and its id. */
  before: z
    .string()
    .max(40)
    .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?[+-](?:0\d|1[0-5])(?::[0-5]\d)*$/)
    .refine(isTime)
    .optional()
    .catch(undefined),
  beforeId: field(256),
});
export type Filter = z.infer<typeof filterSchema>;

/** The address of the page with this filter; without `before` it is the newest page. */
export function filterPath(filter: Partial<Filter>): string {
  const fields = Object.entries(filter).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return fields.length === 0 ? '/messages' : `/messages?${new URLSearchParams(fields)}`;
}

/** The moments at which a day of the station begins and ends; undefined for a day that there is not. */
export function dayBounds(
  text: string | undefined,
  clock: StationClock,
): { start: Date; end: Date } | undefined {
  if (text === undefined) return undefined;
  const asUtc = new Date(`${text}T00:00:00Z`);
  if (Number.isNaN(asUtc.getTime()) || asUtc.toISOString().slice(0, 10) !== text) return undefined;
  const midnight = (date: Date): Date =>
    clock.toInstant({
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: 0,
      minute: 0,
    });
  return { start: midnight(asUtc), end: midnight(new Date(asUtc.getTime() + 86_400_000)) };
}

/** What is looked for in texts. */
export interface Term {
  readonly text: string;
  /** Whether a trigram index helps to find it: it does from three letters or digits in a row on. */
  readonly hasTrigrams: boolean;
}

const MAX_TERMS = 8;

/** The words of a search, without those that have no letter or digit. */
export function readTerms(words: string): Term[] {
  return words
    .split(/\s+/)
    .filter((text) => /[\p{L}\p{N}]/u.test(text))
    .slice(0, MAX_TERMS)
    .map((text) => ({ text, hasTrigrams: /[\p{L}\p{N}]{3}/u.test(text) }));
}

/** For `like`: finds the text wherever it stands. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/** For `to_tsquery`: finds words that begin with the text. */
export function beginningWith(text: string): string {
  return `'${text.replace(/[\\']/g, (character) => character + character)}':*`;
}
