/** The month of a time, in UTC: `2026_12`. */
export function monthName(time: Date): string {
  return time.toISOString().slice(0, 7).replace('-', '_');
}

/** When the month begins that is so many months away from that of `time`. */
export function monthStart(time: Date, away = 0): Date {
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + away));
}

/** The least UUIDv7 of a time. */
export function firstIdAt(time: Date): string {
  const hex = time.getTime().toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
