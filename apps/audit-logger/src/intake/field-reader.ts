import { toUnixSeconds } from '@wbor/contracts';
import { boundPayload } from './bound-payload.ts';

const INT32_MAX = 2_147_483_647;

/** An index entry has room for about 2 700 bytes; no id that means anything is longer than this. */
const MAX_INDEXED_LENGTH = 256;

/** Far above what the chat can show and a source can send; in UTF-16 units. */
const MAX_TEXT_LENGTH = 20_000;
const MAX_LABEL_LENGTH = 1_000;

/** Before GroupMe existed, no event can have happened. */
const EARLIEST_MS = Date.UTC(2010, 0, 1);
/** As far as the clocks of machines that are well differ. What is later has not happened yet. */
const MAX_AHEAD_MS = 5 * 60 * 1000;

const ISO_WITH_ZONE = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/;

/**
 * Moves the fields of an event into columns. A value that does not fit its column is left where it was and
 * the column is null: `rest()` returns every field that has not been moved.
 */
export interface FieldReader {
  /** What people write. Cut when it is longer than 20 000; then the whole stays in the rest as well. */
  text(name: string): string | null;
  /** A name, a kind, a state: the same, cut at 1 000. */
  label(name: string): string | null;
  /** The same, cut when it is too long for an index. */
  indexedText(name: string): string | null;
  /** Also a number, as text: some producers count their messages. */
  id(name: string): string | null;
  int32(name: string): number | null;
  /** A whole number that JavaScript and `bigint` both hold exactly. */
  integer(name: string): number | null;
  number(name: string): number | null;
  /** ISO 8601 with a zone, in a range that can be true. */
  isoTime(name: string): Date | null;
  /** ISO 8601 with a zone, however far ahead: the end of something. */
  anyIsoTime(name: string): Date | null;
  /** Unix seconds, as {@link toUnixSeconds} takes them, in a range that can be true. */
  unixTime(name: string): Date | null;
  /** Leaves the field out of the rest when it is exactly this. */
  drop(name: string, value: unknown): void;
  /** Bounded, see {@link boundPayload}. */
  rest(): Record<string, unknown>;
}

export function createFieldReader(fields: Readonly<Record<string, unknown>>, nowMs: number): FieldReader {
  const moved = new Set<string>();

  function take<Value>(name: string, convert: (value: unknown) => Value | null): Value | null {
    // `Object.hasOwn`, since a field may be called "constructor".
    const result = Object.hasOwn(fields, name) ? convert(fields[name]) : null;
    if (result !== null) moved.add(name);
    return result;
  }

  const asText = (value: unknown) => (typeof value === 'string' ? value : null);
  const asNumber = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null);

  function upTo(maxLength: number, name: string, convert: (value: unknown) => string | null): string | null {
    const whole = take(name, convert);
    if (whole === null || whole.length <= maxLength) return whole;
    moved.delete(name);
    return whole.slice(0, maxLength).toWellFormed();
  }

  return {
    text: (name) => upTo(MAX_TEXT_LENGTH, name, asText),
    label: (name) => upTo(MAX_LABEL_LENGTH, name, asText),
    indexedText: (name) => upTo(MAX_INDEXED_LENGTH, name, asText),
    id: (name) =>
      upTo(MAX_INDEXED_LENGTH, name, (value) => {
        const id = typeof value === 'number' ? String(value) : asText(value);
        return id === '' ? null : id;
      }),
    int32: (name) =>
      take(name, (value) => {
        const number = asNumber(value);
        return number !== null && Number.isInteger(number) && Math.abs(number) <= INT32_MAX ? number : null;
      }),
    integer: (name) => take(name, (value) => (Number.isSafeInteger(value) ? asNumber(value) : null)),
    number: (name) => take(name, asNumber),
    isoTime: (name) =>
      take(name, (value) =>
        typeof value === 'string' && ISO_WITH_ZONE.test(value)
          ? plausibleTime(Date.parse(value), nowMs)
          : null,
      ),
    anyIsoTime: (name) =>
      take(name, (value) => {
        const timeMs =
          typeof value === 'string' && ISO_WITH_ZONE.test(value) ? Date.parse(value) : Number.NaN;
        return Number.isNaN(timeMs) ? null : new Date(timeMs);
      }),
    unixTime: (name) =>
      take(name, (value) => {
        const seconds = toUnixSeconds(value);
        return seconds === null ? null : plausibleTime(seconds * 1000, nowMs);
      }),
    drop: (name, value) => {
      if (fields[name] === value) moved.add(name);
    },
    rest: () => boundPayload(Object.fromEntries(Object.entries(fields).filter(([name]) => !moved.has(name)))),
  };
}

/** The moment, or null when it cannot be true: a broken clock must not put an event into the year 2106. */
export function plausibleTime(timeMs: number, nowMs: number): Date | null {
  return timeMs >= EARLIEST_MS && timeMs <= nowMs + MAX_AHEAD_MS ? new Date(timeMs) : null;
}
