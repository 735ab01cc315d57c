import { describe, expect, it } from 'vitest';
import { createStationClock } from './station-clock.ts';

const clock = createStationClock('America/New_York');

describe('the clock of the station', () => {
  it('knows both changes of the hour', () => {
    expect(clock.toInstant({ year: 2026, month: 3, day: 8, hour: 0, minute: 0 }).toISOString()).toBe(
      '2026-03-08T05:00:00.000Z',
    );
    expect(clock.toInstant({ year: 2026, month: 3, day: 9, hour: 0, minute: 0 }).toISOString()).toBe(
      '2026-03-09T04:00:00.000Z',
    );
    expect(clock.toInstant({ year: 2026, month: 11, day: 2, hour: 0, minute: 0 }).toISOString()).toBe(
      '2026-11-02T05:00:00.000Z',
    );
    const berlin = createStationClock('Europe/Berlin');
    expect(berlin.toInstant({ year: 2026, month: 7, day: 1, hour: 0, minute: 0 }).toISOString()).toBe(
      '2026-06-30T22:00:00.000Z',
    );
    expect(createStationClock('UTC').offsetMinutes(new Date('2026-11-25T20:00:00Z'))).toBe(0);
  });
});
