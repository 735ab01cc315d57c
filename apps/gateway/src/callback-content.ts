/**
 * A callback's ids as text: what GroupMe sends as a number is an id all the same, and a callback is never refused for a
 * type. Everything else stays as it came, in its order.
 */
export function withIdsAsText(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const callback: Record<string, unknown> = { ...body };
  for (const name of ['group_id', 'user_id', 'sender_id']) {
    if (typeof callback[name] === 'number') callback[name] = String(callback[name]);
  }
  const { id } = callback;
  if (id !== undefined && id !== null && typeof id !== 'string') callback.id = JSON.stringify(id);
  return callback;
}

/** The same text for the same content, whatever the order of the fields. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
