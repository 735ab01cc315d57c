import { type ReadResult, readFault } from './read-fault.ts';

/** Deeper than anybody nests in earnest, and no danger to what walks a value by recursion. Postgres takes as much. */
export const MAX_JSON_DEPTH = 200;

/**
 * Parses JSON, also as careless programs write it where only one reading is possible: `NaN` and `Infinity` count as null,
 * `True` is true, a comma may stand before a bracket, line breaks and other control characters may stand in a string as
 * they are, and a NUL ends the text, since it ended a C program's buffer.
 *
 * An integer that a JavaScript number cannot hold becomes a string of its digits: most of them are ids. What is nested
 * more than {@link MAX_JSON_DEPTH} levels deep is at fault.
 */
export function parseJson(text: string): ReadResult<unknown> {
  try {
    return parseStrictly(text);
  } catch {
    // Below.
  }
  try {
    return parseStrictly(mend(text));
  } catch {
    // The parser's own message quotes the body.
    return readFault('invalid-json', 'the body is not JSON');
  }
}

/**
 * A reviver makes parsing several times slower, and it recurses; GroupMe's ids are as long, but in quotes. What looks so
 * inside a string costs that time and changes nothing.
 */
const LONG_INTEGER = /(?:^|[:,[\s])-?\d{16}/;

function parseStrictly(text: string): ReadResult<unknown> {
  const value: unknown = JSON.parse(text);
  if (isDeeperThan(value, MAX_JSON_DEPTH)) {
    return readFault('invalid-json', `the body is nested more than ${MAX_JSON_DEPTH} levels deep`);
  }
  return { ok: true, value: LONG_INTEGER.test(text) ? parseKeepingDigits(text) : value };
}

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

function parseKeepingDigits(text: string): unknown {
  const keepDigits: Reviver = (_key, value, context) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? context?.source
      : value;
  return JSON.parse(text, keepDigits);
}

/** Level by level: recursion would overflow on the very values that are looked for. */
function isDeeperThan(value: unknown, maxDepth: number): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Makes JSON of what is nearly so, and leaves alone what is inside a string but for control characters. */
function mend(text: string): string {
  const mended: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const outside = text.slice(at, quote === -1 ? text.length : quote);
    const nul = outside.indexOf('\u0000');
    mended.push(mendOutside(nul === -1 ? outside : outside.slice(0, nul)));
    if (nul !== -1 || quote === -1) break;
    const end = endOfString(text, quote);
    mended.push(escapeControls(text.slice(quote, end)));
    at = end;
  }
  return mended.join('');
}

/** What stands outside of strings. The words are those of Python, C and JavaScript; serial devices frame texts by STX and ETX. */
function mendOutside(outside: string): string {
  return outside
    .replace(/[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f\u00a0\u200b\ufeff]/g, ' ')
    .replace(/-?\b(?:NaN|Infinity|nan|inf|None|undefined)\b/g, 'null')
    .replace(/\b(?:True|False)\b/g, (word) => word.toLowerCase())
    .replace(/,(?=\s*[}\]])/g, '');
}

/** The position behind the closing quote, or the text's end. */
function endOfString(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '"') return at + 1;
  }
  return text.length;
}

function escapeControls(string: string): string {
  return string.replace(
    /[\u0000-\u001f]/g,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
