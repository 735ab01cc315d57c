/** A time as a clock on the station's wall shows it; `month` from 1. */
interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

/** The clock on the station's wall, by which the tables count days as well. */
export interface StationClock {
  readonly timeZone: string;
  /** "Nov 24, 3:20 PM". */
  showTime(at: Date): string;
  /** "Nov 24, 2026". */
  showDay(at: Date): string;
  /** East of Greenwich is positive. */
  offsetMinutes(at: Date): number;
  /** The moment at which the clock shows this; where it is put back, the second one. */
  toInstant(wall: WallTime): Date;
}

/** @throws RangeError for a time zone that nobody knows. */
export function createStationClock(timeZone: string): StationClock {
  const timeFormat = new Intl.DateTimeFormat('en-US', {
    timeZone,
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
  });
  const dayFormat = new Intl.DateTimeFormat('en-US', {
    timeZone,
    year: 'numeric',
    month: 'short',
    day: 'numeric',
  });
  const offsetFormat = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });

  function offsetMinutes(at: Date): number {
    const name = offsetFormat.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
  }

  return {
    timeZone,
    // Intl puts a narrow no-break space before AM and PM.
    showTime: (at) => timeFormat.format(at).replaceAll('\u202f', ' '),
    showDay: (at) => dayFormat.format(at),
    offsetMinutes,
    toInstant({ day, hour, minute, month, year }) {
      const asUtc = Date.UTC(year, month - 1, day, hour, minute);
      const near = asUtc - offsetMinutes(new Date(asUtc)) * 60_000;
      return new Date(asUtc - offsetMinutes(new Date(near)) * 60_000);
    },
  };
}

/** Whether Intl and Postgres know the zone by this name. Offsets such as `+05:00` mean the opposite to Postgres. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
