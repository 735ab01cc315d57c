import { MAX_BAN_LIST_LEAD_MS } from '@wbor/contracts';
import { createSenderNormaliser } from '@wbor/phone';
import { describe, expect, it } from 'vitest';
import { createBanReplica } from './ban-replica.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const MINUTE = 60_000;

function listOf(version: number, ...bans: [sender: string, until?: string][]) {
  return { version, bans: bans.map(([sender, until]) => ({ sender, until: until ?? null })) };
}

function create() {
  return createBanReplica({ staleAfterMs: 3 * MINUTE, normaliseSender: createSenderNormaliser('US') });
}

describe('a ban', () => {
  it.each([
    ['+12075550123', '+12075550123', true],
    ['+1 (207) 555-0123', '+12075550123', true],
    ['+12075550123', '+1 207-555-0123', true],
    ['+12075550123', '+12075550124', false],
    ['+12075550123', '12075550123', true],
    ['+12075550123', 'whatsapp:+12075550123', true],
    ['rcs:+1.207.555.0123', '0012075550123', true],
    ['2075550123', '+12075550123', true],
    ['+12075550123', '+120755501234', false],
    ['+12075550123', '75550123', false],
    ['+442079460958', '02079460958', false],
    ['-', '--', false],
  ])('of %s: is %s banned? %s', (banned, sender, expected) => {
    const list = create();
    list.apply(listOf(1, [banned]), NOW);
    expect(list.isBanned(sender, NOW)).toBe(expected);
  });

  it('never holds a message without a sender', () => {
    const list = create();
    list.apply(listOf(1, ['-']), NOW);
    expect(list.isBanned(undefined, NOW)).toBe(false);
  });

  it('ends by itself, to the millisecond', () => {
    const list = create();
    list.apply(listOf(1, ['+1', '2026-03-01T12:00:10.000Z'], ['+2']), NOW);
    expect([list.isBanned('+1', NOW + 9_999), list.count(NOW + 9_999)]).toEqual([true, 2]);
    expect([list.isBanned('+1', NOW + 10_000), list.count(NOW + 10_000)]).toEqual([false, 1]);
    expect(list.isBanned('+2', NOW + 1e12)).toBe(true);
  });

  it('that is there twice ends with the later one', () => {
    const list = create();
    list.apply(listOf(1, ['+1'], ['+1', '2026-03-01T12:00:10.000Z']), NOW);
    expect(list.isBanned('+1', NOW + MINUTE)).toBe(true);
  });
});

describe('a list', () => {
  it('replaces the one before, also by the same version', () => {
    const list = create();
    expect(list.version).toBeUndefined();
    list.apply(listOf(4, ['+1']), NOW);
    expect(list.apply(listOf(5, ['+2']), NOW)).toBe('taken');
    expect([list.version, list.isBanned('+1', NOW), list.isBanned('+2', NOW)]).toEqual([5, false, true]);
    expect(list.apply(listOf(5), NOW)).toBe('taken');
    expect(list.count(NOW)).toBe(0);
  });

  it('that is older is ignored and does not count as heard', () => {
    const list = create();
    list.apply(listOf(5, ['+1']), NOW);
    expect(list.apply(listOf(4), NOW + MINUTE)).toBe('old');
    expect([list.version, list.isBanned('+1', NOW), list.ageMs(NOW + MINUTE)]).toEqual([5, true, MINUTE]);
  });

  it('that is older is taken once nothing else has come for so long', () => {
    const list = create();
    list.apply(listOf(5, ['+1']), NOW);
    expect(list.apply(listOf(4), NOW + 3 * MINUTE)).toBe('old');
    expect(list.apply(listOf(4), NOW + 3 * MINUTE + 1)).toBe('taken');
    expect(list.version).toBe(4);
  });
});

describe('a list from the future', () => {
  it.each([Number.MAX_SAFE_INTEGER, NOW + MAX_BAN_LIST_LEAD_MS + 1])(
    'lifts nothing and does not silence the moderator: version %d',
    (version) => {
      const list = create();
      list.apply(listOf(NOW, ['+1']), NOW);
      expect(list.apply(listOf(version), NOW)).toBe('ahead');
      expect([list.version, list.isBanned('+1', NOW)]).toEqual([NOW, true]);
      expect(list.apply(listOf(NOW + 1, ['+2']), NOW)).toBe('taken');
      expect([list.isBanned('+1', NOW), list.isBanned('+2', NOW)]).toEqual([false, true]);
    },
  );

  it('is taken within what clocks differ by', () => {
    const list = create();
    expect(list.apply(listOf(NOW + MAX_BAN_LIST_LEAD_MS, ['+1']), NOW)).toBe('taken');
  });

  it('is refused by a relay that knows none and by one whose list is stale', () => {
    const list = create();
    expect(list.apply(listOf(Number.MAX_SAFE_INTEGER), NOW)).toBe('ahead');
    expect(list.notice(NOW)).toMatch(
      /^a ban list is refused: its version is 9007199254740991, ahead of this clock/,
    );
    list.apply(listOf(7, ['+1']), NOW);
    expect(list.notice(NOW)).toBeUndefined();
    expect(list.apply(listOf(Number.MAX_SAFE_INTEGER), NOW + 5 * MINUTE)).toBe('ahead');
    expect(list.isBanned('+1', NOW + 5 * MINUTE)).toBe(true);
  });
});

describe('the notice', () => {
  it('tells a refusal until the next list is taken or it is long ago', () => {
    const list = create();
    list.apply(listOf(5), NOW);
    list.apply(listOf(4), NOW + MINUTE);
    expect(list.notice(NOW + MINUTE)).toBe('a ban list is refused: its version is 4, and 5 is known');
    list.apply(listOf(5), NOW + 2 * MINUTE);
    expect(list.notice(NOW + 2 * MINUTE)).toBeUndefined();
    list.apply(listOf(4), NOW + 2 * MINUTE);
    list.apply(listOf(6), NOW + 3 * MINUTE);
    expect(list.notice(NOW + 3 * MINUTE)).toBeUndefined();
  });

  it('is given while no list is known and when it is stale; the bans count on', () => {
    const list = create();
    expect(list.ageMs(NOW)).toBeUndefined();
    expect(list.notice(NOW)).toBe('no moderator heard: no bans are enforced');
    list.apply(listOf(1, ['+1']), NOW);
    expect(list.notice(NOW + 3 * MINUTE)).toBeUndefined();
    expect(list.notice(NOW + 3 * MINUTE + 1_500)).toBe(
      'bans are stale: the moderator has not been heard for 181 s',
    );
    expect(list.isBanned('+1', NOW + 100 * MINUTE)).toBe(true);
    list.apply(listOf(1, ['+1']), NOW + 4 * MINUTE);
    expect(list.notice(NOW + 4 * MINUTE)).toBeUndefined();
  });
});
