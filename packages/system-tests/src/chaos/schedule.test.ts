import { describe, expect, it } from 'vitest';
import { buildSchedule, describeTrouble, resourceOf } from './schedule.ts';

describe('the schedule of faults', () => {
  it('is the same for the same seed and minutes, and another for another seed', () => {
    const schedule = buildSchedule({ seed: 7, minutes: 2 });
    expect(buildSchedule({ seed: 7, minutes: 2 })).toEqual(schedule);
    expect(buildSchedule({ seed: 8, minutes: 2 })).not.toEqual(schedule);
  });

  it('does not change unnoticed: a seed that found a fault must find it again', () => {
    const lines = buildSchedule({ seed: 7, minutes: 1 }).map(
      ({ atMs, durationMs, trouble }) => `${atMs} ${durationMs} ${describeTrouble(trouble)}`,
    );
    expect(lines).toMatchInlineSnapshot(`
      [
        "2011 2757 kill -9 relay-a",
        "3659 255 kill -9 sdk-http while it sends",
        "6166 925 kill -9 sdk-amqp while it sends",
        "7444 4721 GroupMe: callback duplicate ×6",
        "12358 1230 kill -9 sdk-amqp while it sends",
        "14850 5685 GroupMe: bots/post accept-then-reset ×2",
        "15658 461 kill -9 sdk-http while it sends",
        "21174 2699 GroupMe: bots/post accept-then-status 500 ×2",
        "22068 1566 kill -9 sdk-http while it sends",
        "22459 1943 kill -9 sdk-amqp while it sends",
        "25862 590 stop Postgres",
        "26315 3476 GroupMe: bots/post reset ×2",
        "31931 4758 cut the network to GroupMe",
        "32491 566 kill -9 sdk-amqp while it sends",
        "34303 368 kill -9 sdk-http while it sends",
        "39598 2322 freeze relay-a",
        "42815 1516 kill -9 sdk-amqp while it sends",
        "42905 2533 GroupMe: bots/post status 404",
        "44600 155 kill -9 sdk-http while it sends",
        "47066 733 kill -9 the broker",
        "49478 2174 GroupMe: bots/post accept-then-hang ×1",
        "51045 1203 kill -9 sdk-amqp while it sends",
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
    expect(new Set(schedule.map(({ trouble }) => describeTrouble(trouble)))).toHaveLength(28);
    const overlaps = schedule.filter((fault, index) => {
      const before = schedule[index - 1];
      return before !== undefined && before.atMs + before.durationMs > fault.atMs;
    });
    expect(overlaps.length).toBeGreaterThan(5);
  });

  it('kills no producer while what it has sent may wait in the network', () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const schedule = buildSchedule({ seed, minutes: 10 });
      const stalls = schedule.filter(
        ({ trouble }) => describeTrouble(trouble) === 'stall the network to GroupMe',
      );
      const kills = schedule.filter(({ trouble }) => trouble.kind === 'producer');
      expect(kills.length).toBeGreaterThan(50);
      for (const { atMs, durationMs } of stalls) {
        expect(kills.filter((kill) => kill.atMs >= atMs && kill.atMs <= atMs + durationMs)).toEqual([]);
      }
    }
  });

  it('freezes a relay beyond the heartbeat only when there is time for it', () => {
    const longest = (minutes: number) =>
      Math.max(...buildSchedule({ seed: 1, minutes }).map(({ durationMs }) => durationMs));
    expect(longest(2)).toBeLessThan(10_000);
    expect(longest(5)).toBe(35_000);
  });

  it('breaks every node of a cluster in every way, and never two at once', () => {
    const schedule = buildSchedule({ seed: 3, minutes: 30, cluster: true });
    const nodes = schedule.filter(({ trouble }) => resourceOf(trouble) === 'broker');
    expect(new Set(nodes.map(({ trouble }) => describeTrouble(trouble)))).toHaveLength(15);
    for (const [index, { atMs, durationMs }] of nodes.entries()) {
      expect(nodes[index + 1]?.atMs ?? Number.POSITIVE_INFINITY).toBeGreaterThan(atMs + durationMs);
    }
  });
});
