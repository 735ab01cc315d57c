/** In characters, of what is in hand at once. A row may have some hundred thousand. */
const BATCH_LENGTH = 2_000_000;
const FIRST_COUNT = 50;
const MAX_COUNT = 2_000;

/** How many rows to take next, after these: small ones are taken by the thousand, huge ones a few at a time. */
export function nextFetchCount(rows: readonly Readonly<Record<string, string | null>>[] | undefined): number {
  if (rows === undefined || rows.length === 0) return FIRST_COUNT;
  let length = 0;
  for (const row of rows) for (const name in row) length += row[name]?.length ?? 0;
  const fitting = Math.floor((BATCH_LENGTH * rows.length) / Math.max(length, 1));
  // One huge row may follow many small ones, so it grows step by step.
  return Math.max(1, Math.min(fitting, 2 * rows.length, MAX_COUNT));
}
