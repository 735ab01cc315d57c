/** In UTF-16 units of its JSON. A callback with all that GroupMe allows has a tenth of it. */
const MAX_PAYLOAD_LENGTH = 256 * 1024;
const MAX_LISTED = 20;
const MAX_NAME_LENGTH = 100;
const BEGINNING_LENGTH = 1_000;

/** What stands in a payload for fields that were left out. */
export const CUT = '_cut';

/**
 * The payload, or, if it is larger than a row should be, as many of its fields as fit, smallest first, and under
 * `_cut` how many were left out, how long their JSON was and how the first ones began.
 */
export function boundPayload(fields: Record<string, unknown>): Record<string, unknown> {
  if (JSON.stringify(fields).length <= MAX_PAYLOAD_LENGTH) return fields;
  const sized = Object.entries(fields)
    .map(([name, value]) => ({ name, value, json: JSON.stringify(value) ?? 'null' }))
    .toSorted((a, b) => sizeOf(a) - sizeOf(b));
  let room = MAX_PAYLOAD_LENGTH;
  const firstOut = sized.findIndex((field) => {
    room -= sizeOf(field);
    return room < 0;
  });
  const out = sized.slice(firstOut);
  const listed = out
    .slice(0, MAX_LISTED)
    .map(({ name, json }) => [
      name.slice(0, MAX_NAME_LENGTH).toWellFormed(),
      { length: json.length, beginning: json.slice(0, BEGINNING_LENGTH).toWellFormed() },
    ]);
  return {
    ...Object.fromEntries(sized.slice(0, firstOut).map(({ name, value }) => [name, value])),
    [CUT]: { count: out.length, fields: Object.fromEntries(listed) },
  };
}

function sizeOf({ name, json }: { name: string; json: string }): number {
  return name.length + json.length;
}
