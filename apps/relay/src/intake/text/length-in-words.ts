/** How long something took, for people: `6 seconds`, `12 minutes`, `2 hours 5 minutes`. */
export function lengthInWords(ms: number): string {
  const seconds = Math.round(Math.max(0, ms) / 1_000);
  if (seconds < 1) return 'less than a second';
  if (seconds < 120) return count(seconds, 'second');
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return count(minutes, 'minute');
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return withRest(count(Math.floor(hours / 24), 'day'), hours % 24, 'hour');
  return withRest(count(hours, 'hour'), minutes % 60, 'minute');
}

function withRest(whole: string, rest: number, unit: string): string {
  return rest === 0 ? whole : `${whole} ${count(rest, unit)}`;
}

function count(number: number, unit: string): string {
  return number === 1 ? `1 ${unit}` : `${number} ${unit}s`;
}
