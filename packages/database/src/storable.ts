const REPLACEMENT = '\uFFFD';

/** Far above any real message, far below the depth at which Postgres or the JSON functions give up. */
const MAX_DEPTH = 200;

/**
 * Text as Postgres takes it: NUL has no place in `text` or `jsonb`, and half a surrogate pair is no
 * character. Both become U+FFFD, so that the rest of the message is kept.
 */
export function storableText(value: string): string {
  return value.replaceAll('\u0000', REPLACEMENT).toWellFormed();
}

/**
 * A copy of a JSON value that Postgres takes as `jsonb`: every text in it, keys included, went through
 * {@link storableText}.
 *
 * @throws RangeError when the value is nested more than 200 levels deep.
 */
export function storableJson(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) throw new RangeError(`nested more than ${MAX_DEPTH} levels deep`);
  if (Array.isArray(value)) return value.map((item) => storableJson(item, depth + 1));
  // Dates and buffers, which AMQP headers may hold, know best how they look in JSON.
  if ('toJSON' in value && typeof value.toJSON === 'function') return storableJson(value.toJSON(), depth + 1);
  // fromEntries defines properties; assigning would let a key "__proto__" vanish.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storableText(key), storableJson(item, depth + 1)]),
  );
}
