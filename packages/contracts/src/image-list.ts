import { isNothing } from './lenient.ts';

/** The most pictures of one message: as many as a Twilio MMS can carry. */
export const MAX_IMAGES = 10;

/** The pictures of a message. */
export interface ImageList {
  /** At most {@link MAX_IMAGES} addresses, as they were written. */
  readonly urls: readonly string[];
  /** How many there should have been beside these, without any address that could be found. */
  readonly unreadable: number;
  /** How many were left out since there were too many. */
  readonly omitted: number;
}

/** Stands for a picture without an address, in a list of addresses. */
const UNREADABLE = '';

/** `addresses` as {@link addressesOf} makes them. */
export function toImageList(addresses: readonly string[] | null | undefined): ImageList {
  const meant = (addresses ?? []).filter((address) => address === UNREADABLE || !isNoPicture(address));
  const urls = meant.filter((address) => address !== UNREADABLE);
  return {
    urls: urls.slice(0, MAX_IMAGES),
    unreadable: meant.length - urls.length,
    omitted: Math.max(urls.length - MAX_IMAGES, 0),
  };
}

/**
 * The addresses in whatever a producer put into `images`: a list, one address or several in one text, objects with an
 * address inside. What says that there is none is left out; what must have meant a picture is an empty text.
 */
export function addressesOf(value: unknown, depth = 0): string[] {
  if (isNoPicture(value)) return [];
  if (typeof value === 'string') return addressesOfText(value, depth);
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return [UNREADABLE];
  if (Array.isArray(value)) return value.flatMap((entry) => addressesOf(entry, depth + 1));
  const entries = Object.entries(value);
  const named = entries.find(([name, inner]) => ADDRESS_NAME.test(name) && !isNothing(inner));
  if (named) return addressesOf(named[1], depth + 1);
  // PHP writes a list that lost an element as an object.
  if (entries.some(([name]) => !/^\d+$/.test(name))) return [UNREADABLE];
  return entries.flatMap(([, entry]) => addressesOf(entry, depth + 1));
}

function isNoPicture(value: unknown): boolean {
  if (typeof value === 'string' && NO_PICTURE.test(value.trim())) return true;
  return isNothing(value) || value === false || value === 0;
}

/** Written for no, by people and by programs that write everything as a text. */
const NO_PICTURE = /^(?:no|n\/?a|false|0|-+|\{\s*\})$/i;

/** A list of objects with objects inside, and no deeper. */
const MAX_DEPTH = 4;

const ADDRESS_NAME =
  /^(?:(?:image|media|picture|photo)(?:_?(?:url|uri|src|href|link))?|url|uri|src|href|link)$/i;

function addressesOfText(text: string, depth: number): string[] {
  const list = text.trimStart().startsWith('[') ? parseList(text) : undefined;
  if (list && depth < MAX_DEPTH) return addressesOf(list, depth + 1);
  // Only where a separator stands before: addresses hold others.
  const addresses = text.split(/(?<=[\s,;])(?=https?:\/\/)/i).map(withoutSeparators);
  return addresses.filter((address) => !isNothing(address));
}

/** Not by a pattern, which would take time in proportion to the square of the separators. */
function withoutSeparators(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s,;]/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end).trimStart();
}

function parseList(text: string): unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
