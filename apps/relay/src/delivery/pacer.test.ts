import { describe, expect, it } from 'vitest';
import { createPacer } from './pacer.ts';

function setUp(rate: number) {
  let nowMs = 1_000_000;
  const pacer = createPacer(rate, () => nowMs);
  return { pacer, pass: (ms: number) => (nowMs += ms) };
}

describe('pacer', () => {
  it('lets the first post after a quiet spell go at once, and spaces the next', () => {
    const { pacer, pass } = setUp(2);
    expect(pacer.delayMs()).toBe(0);
    pacer.posted();
    expect(pacer.delayMs()).toBe(500);
    pass(200);
    expect(pacer.delayMs()).toBe(300);
    pass(10_000);
    expect(pacer.delayMs()).toBe(0);
    pacer.posted();
    // A quiet spell earns no burst.
    expect(pacer.delayMs()).toBe(500);
  });

  it('never waits when there is no limit', () => {
    const { pacer } = setUp(0);
    pacer.posted();
    expect(pacer.delayMs()).toBe(0);
  });

  it('waits as long as GroupMe asks', () => {
    const { pacer } = setUp(1);
    pacer.posted();
    pacer.refused(180_000);
    expect(pacer.delayMs()).toBe(180_000);
  });

  it('doubles its pauses up to a minute while it is refused, and starts over once accepted', () => {
    const { pacer, pass } = setUp(0);
    const ceilings = [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000);
    for (const ceilingMs of ceilings) {
      pacer.posted();
      pacer.refused(undefined);
      expect(pacer.delayMs()).toBeGreaterThanOrEqual(ceilingMs / 2);
      expect(pacer.delayMs()).toBeLessThanOrEqual(ceilingMs);
      pass(pacer.delayMs());
    }
    pacer.accepted();
    pacer.refused(undefined);
    expect(pacer.delayMs()).toBeLessThanOrEqual(1000);
  });
});
