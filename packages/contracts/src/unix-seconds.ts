/** The year 5138 in seconds, and 1973 in milliseconds: between the two nothing is in doubt. */
const MAX_SECONDS = 100_000_000_000;

const ISO_WITH_ZONE = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/;

/**
 * A moment as Unix seconds, however it is written: seconds, milli- or microseconds, a number or its digits, ISO 8601
 * with a zone. Null when it is none of these.
 */
export function toUnixSeconds(value: unknown): number | null {
  if (typeof value === 'string' && ISO_WITH_ZONE.test(value)) return finite(Date.parse(value) / 1000);
  let seconds = typeof value === 'string' && /^\d{1,17}(?:\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds > 0)) return null;
  for (let unit = 0; unit < 2 && seconds >= MAX_SECONDS; unit += 1) seconds /= 1000;
  return seconds < MAX_SECONDS ? seconds : null;
}

function finite(seconds: number): number | null {
  return Number.isFinite(seconds) ? seconds : null;
}
