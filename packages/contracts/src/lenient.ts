import { createHash } from 'node:crypto';
import type { z } from 'zod';

// A message whose text can be read is posted. What is odd about its other fields is read as it is plainly meant, or left
// out; nothing in this file refuses anything.

/** What a field should be, for each field that is read leniently. */
const strictFields = new WeakMap<z.ZodType, z.ZodType>();

/**
 * A field that is documented as `strict` and refuses nothing: what departs from that goes through `read`. Both ways end
 * in `finish`.
 */
export function lenient<Strict extends z.ZodType, Value>(field: {
  strict: Strict;
  read: (value: unknown) => z.output<Strict>;
  finish: (value: z.output<Strict>) => Value;
  description?: string;
}) {
  const { strict, read, finish, description } = field;
  // zod asks without a context when it makes a JSON schema.
  const caught = strict.catch((context) => read((context as typeof context | undefined)?.value) as never);
  const finished = caught.transform((value) => finish(value as z.output<Strict>));
  const schema = description === undefined ? finished : finished.describe(description);
  strictFields.set(schema, strict);
  return schema;
}

/** Whether a field of an object's schema is of another type than it should be, or too long, and is read all the same. */
export function isRepaired(schema: z.ZodType, value: unknown): boolean {
  const strict = strictFields.get(schema);
  return strict !== undefined && !isNone(value) && !strict.safeParse(value).success;
}

/** The values by which programs say that there is nothing. */
export function isNone(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && isBlank(value));
}

/**
 * Whether a text shows nothing at all: white space, control characters, what Unicode calls ignorable, the blank of
 * Braille, and the placeholder that phones put where a picture was.
 */
export function isBlank(text: string): boolean {
  return /^[\s\p{Cc}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffc]*$/u.test(text);
}

/**
 * The same of a name, an id or an address, where programs also write the word for nothing into a text. In a message such a
 * word may be all that somebody says.
 */
export function isNothing(value: unknown): boolean {
  return isNone(value) || (typeof value === 'string' && NOTHING.test(value.trim()));
}

/** Of Python, JSON, JavaScript, Go and C. */
const NOTHING = /^[<(]?(?:null|none|nil|undefined)[>)]?$/i;

/** What can be read as words: also a number, a yes or no, a list of lines, and an object with a text inside. */
export function wordsOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || isNumber(value)) return String(value);
  if (Array.isArray(value)) {
    const lines = value.map(wordsOf).filter((line) => line !== undefined);
    return lines.length > 0 ? lines.join('\n') : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { body, text, Body } = value as Record<string, unknown>;
  return [body, text, Body].map(wordsOf).find((words) => !isNone(words));
}

/** What is alone in a list, or in a list of that. */
export function alone(value: unknown): unknown {
  let inner = value;
  while (Array.isArray(inner) && inner.length === 1) inner = inner[0];
  return inner;
}

/** A name or a number. A yes or no is nobody's. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isNumber(value) ? String(value) : undefined;
}

export function withoutBlank(text: string | null | undefined): string | undefined {
  return isNone(text) ? undefined : (text ?? undefined);
}

export function withoutNothing(text: string | null | undefined): string | undefined {
  return isNothing(text) ? undefined : (text ?? undefined);
}

/** The longest message id. Ids travel in headers and log lines. */
export const MAX_MESSAGE_ID_LENGTH = 128;

/**
 * The id under which a message goes on: fit for Postgres, and for a longer one its SHA-256 in hexadecimal, which a repeat
 * of the message gets again.
 */
export function toMessageId(id: string | null | undefined): string | undefined {
  if (isNothing(id) || !id) return undefined;
  if (id.length > MAX_MESSAGE_ID_LENGTH) return createHash('sha256').update(id).digest('hex');
  return id.replaceAll('\u0000', '\ufffd').toWellFormed();
}

/** A whole number from 0 to `max`, also written as a text. */
export function countOf(value: unknown, max: number): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return isNumber(number) && Number.isInteger(number) && number >= 0 && number <= max ? number : undefined;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
