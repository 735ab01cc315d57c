import { PARKED_HEADERS } from '@wbor/contracts';

/**
 * A broker sends copies to the queues that the first two name: what was published once must not go there in our name. The last one is the
 * broker's word that it put a message aside, by which a replay finds its queue; on what we park it would be somebody else's.
 */
const ROUTING_HEADERS: ReadonlySet<string> = new Set(['CC', 'BCC', 'x-death']);

/** The client library encodes all headers into 64 KiB; half of that is left to what parking itself says. */
const MAX_TOTAL_BYTES = 32_768;
const MAX_HEADER_BYTES = 8_192;
const MAX_NAME_BYTES = 255;
const MAX_DEPTH = 8;
const MAX_LIST_LENGTH = 500;

/**
 * The headers of a message as they can be published again: a message must be parkable whatever it carries, and what
 * was decoded cannot always be encoded. What does not fit is left out and named, and so is what would route it.
 */
export function parkableHeaders(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  const leftOut: string[] = [];
  let total = 0;
  for (const [name, value] of Object.entries(headers)) {
    const nameBytes = Buffer.byteLength(name);
    const bytes = encodedBytes(value, 0);
    if (
      ROUTING_HEADERS.has(name) ||
      nameBytes > MAX_NAME_BYTES ||
      bytes > MAX_HEADER_BYTES ||
      total + nameBytes + bytes > MAX_TOTAL_BYTES
    ) {
      leftOut.push(name);
    } else {
      kept[name] = value;
      total += nameBytes + bytes;
    }
  }
  return leftOut.length === 0 ? kept : { ...kept, [PARKED_HEADERS.leftOut]: nameSome(leftOut) };
}

/** A short string property (content type, message id …) as it can be published again; undefined when it cannot. */
export function parkableText(text: string | undefined): string | undefined {
  return text !== undefined && Buffer.byteLength(text) <= MAX_NAME_BYTES ? text : undefined;
}

const MAX_NAMED = 20;

function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).map((name) => name.slice(0, 64));
  const more = names.length - shown.length;
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}

/** Bytes on the wire, about; infinite for what cannot be encoded. */
function encodedBytes(value: unknown, depth: number): number {
  if (value === null || typeof value === 'boolean') return 2;
  if (typeof value === 'string') return 5 + Buffer.byteLength(value);
  // Other doubles the library takes for integers of 64 bits, and fails.
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) || Math.abs(value) < 2 ** 50 ? 9 : Number.POSITIVE_INFINITY;
  }
  if (Buffer.isBuffer(value)) return 5 + value.length;
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return Number.POSITIVE_INFINITY;
  if ('!' in value) return isTypedValue(value) ? 10 : Number.POSITIVE_INFINITY;
  const entries = Object.entries(value);
  if (entries.length > MAX_LIST_LENGTH) return Number.POSITIVE_INFINITY;
  let total = 5;
  for (const [name, inner] of entries) {
    const nameBytes = Buffer.byteLength(name);
    total +=
      nameBytes > MAX_NAME_BYTES ? Number.POSITIVE_INFINITY : 1 + nameBytes + encodedBytes(inner, depth + 1);
  }
  return total;
}

/** How the library represents what JavaScript has no type for; a table of somebody's may look like it. */
function isTypedValue(value: object): boolean {
  const { '!': type, value: inner } = value as { '!': unknown; value?: unknown };
  if (type === 'timestamp') return Number.isSafeInteger(inner) && Number(inner) >= 0;
  if (type !== 'decimal' || typeof inner !== 'object' || inner === null) return false;
  const { places, digits } = inner as { places?: unknown; digits?: unknown };
  return isUnsigned(places, 255) && isUnsigned(digits, 0xffff_ffff);
}

function isUnsigned(value: unknown, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
}
