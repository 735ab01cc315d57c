import { describe, expect, it } from 'vitest';
import { buildSchedule, describeTrouble, resourceOf } from './schedule.ts';

describe('the schedule of faults', () => {
  it('is the same for the same seed and minutes, and another for another seed', () => {
    const schedule = buildSchedule({ seed: 7, minutes: 2 });
    expect(buildSchedule({ seed: 7, minutes: 2 })).toEqual(schedule);
    expect(buildSchedule({ seed: 8, minutes: 2 })).not.toEqual(schedule);
  });

  it('does not change unnoticed: a seed that found a fault must find it again', () => {
    const [first, second] = buildSchedule({ seed: 7, minutes: 2 });
    expect([first, second]).toMatchInlineSnapshot(`
      [
        {
          "atMs": 2011,
          "durationMs": 2757,
          "number": 1,
          "trouble": {
            "kind": "kill",
            "process": "relay-a",
          },
        },
        {
          "atMs": 7444,
          "durationMs": 4721,
          "number": 2,
          "trouble": {
            "fault": {
              "mode": "duplicate",
              "route": "callback",
              "times": 6,
            },
            "kind": "groupme",
          },
        },
      ]
    `);
  });

  it.each([1, 2, 3, 4, 5])('ends in time, rises, and breaks nothing that is broken (seed %i)', (seed) => {
    const schedule = buildSchedule({ seed, minutes: 10 });
    const busyUntilMs = new Map<string, number>();
    let lastAtMs = 0;
    for (const { atMs, durationMs, trouble } of schedule) {
      expect(atMs).toBeGreaterThanOrEqual(lastAtMs);
      expect(atMs + durationMs).toBeLessThanOrEqual(10 * 60_000);
      const resource = resourceOf(trouble);
      expect(atMs, resource).toBeGreaterThanOrEqual(busyUntilMs.get(resource) ?? 0);
      busyUntilMs.set(resource, atMs + durationMs);
      lastAtMs = atMs;
    }
  });

  it('holds every kind of fault in ten minutes, and overlaps some', () => {
    const schedule = buildSchedule({ seed: 3, minutes: 10 });
    expect(new Set(schedule.map(({ trouble }) => describeTrouble(trouble)))).toHaveLength(26);
    const overlaps = schedule.filter((fault, index) => {
      const before = schedule[index - 1];
      return before !== undefined && before.atMs + before.durationMs > fault.atMs;
    });
    expect(overlaps.length).toBeGreaterThan(5);
  });

  it('freezes a relay beyond the heartbeat only when there is time for it', () => {
    const longest = (minutes: number) =>
      Math.max(...buildSchedule({ seed: 1, minutes }).map(({ durationMs }) => durationMs));
    expect(longest(2)).toBeLessThan(10_000);
    expect(longest(5)).toBe(35_000);
  });
});
