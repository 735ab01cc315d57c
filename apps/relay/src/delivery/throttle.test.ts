import { expect, it } from 'vitest';
import { createThrottle } from './throttle.ts';

function createBed(random = 1) {
  let nowMs = 0;
  const throttle = createThrottle({
    ratePerSecond: 0,
    maxRatePerSecond: 1,
    now: () => nowMs,
    random: () => random,
  });
  return {
    throttle,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

it('backs off 1-2-4…60 s while GroupMe is away, and starts over once a post gets through', () => {
  const { throttle } = createBed();
  const waits = Array.from({ length: 8 }, () => throttle.failed('unreachable', 'GroupMe: away', undefined));
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000));
  expect(throttle.waitMs()).toBe(60_000);
  expect(throttle.outage).toBe('GroupMe: away');
  throttle.accepted();
  expect([throttle.outage, throttle.waitMs()]).toEqual([undefined, 0]);
  expect(throttle.failed('unknown', 'GroupMe: 500', undefined)).toBe(1_000);
});

it('halves a back-off by chance, so that relays do not come back as one', () => {
  expect(createBed(0).throttle.failed('unreachable', '', undefined)).toBe(500);
});

it('tries a wrong bot id no sooner than after five seconds', () => {
  expect(createBed().throttle.failed('misconfigured', '', undefined)).toBe(5_000);
});

it('lets an emergency try during a back-off, and nothing during the pause that GroupMe asks for', () => {
  const { pass, throttle } = createBed();
  throttle.failed('unreachable', '', undefined);
  expect(throttle.waitMs({ ignoreBackOff: true })).toBe(0);
  pass(1_000);
  expect(throttle.waitMs()).toBe(0);
  throttle.failed('refused', '', 7_000);
  expect([throttle.waitMs({ ignoreBackOff: true }), throttle.waitMs()]).toEqual([7_000, 7_000]);
});

it('says how long an outage lasted', () => {
  const { pass, throttle } = createBed();
  expect(throttle.recovered()).toBeUndefined();
  throttle.failed('unknown', '', undefined);
  pass(3_000);
  throttle.failed('unknown', '', undefined);
  pass(4_000);
  expect(throttle.recovered()).toBe(7_000);
});
