import { MAX_BAN_LIST_LEAD_MS } from '@wbor/contracts';
import { describe, expect, it } from 'vitest';
import { createRelayStates, isForeign } from './relay-states.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const MINUTE = 60_000;

function state(
  relay: string,
  version: number | null,
  refused: { version: number | null; reason: 'ahead' | 'old' | 'invalid' } | null = null,
) {
  return { relay, version, refused, at: new Date(NOW).toISOString() };
}

describe('the states of relays', () => {
  it('say nothing while nobody has told anything, and while all have our list', () => {
    const states = createRelayStates();
    expect(states.describe(NOW)).toBeUndefined();
    states.told(state('a', 7), NOW);
    states.published(7, NOW);
    states.told(state('b', 7), NOW + MINUTE);
    expect(states.describe(NOW + MINUTE)).toBeUndefined();
  });

  it('name those that refuse our list or go on without it, until they take it or are gone', () => {
    const states = createRelayStates();
    states.published(7, NOW);
    states.told(state('a', 6, { version: 7, reason: 'ahead' }), NOW);
    states.told(state('b', 6, { version: null, reason: 'invalid' }), NOW + MINUTE);
    states.told(state('c', 7), NOW + MINUTE);
    expect(states.describe(NOW + MINUTE)).toBe(
      'Careful: 2 of 3 relays do not take my ban list, so it does not hold there (its clock is minutes behind; it cannot read what came last, and may be of another version). Look at /readyz of the relay.',
    );
    states.told(state('a', 7), NOW + 2 * MINUTE);
    expect(states.describe(NOW + 2 * MINUTE)).toContain('1 of 3 relays does not');
    expect(states.describe(NOW + 5 * MINUTE)).toBeUndefined();
  });

  it('say nothing of a relay that has our list and refuses garbage of somebody else', () => {
    const states = createRelayStates();
    states.published(7, NOW);
    states.told(state('a', 7, { version: null, reason: 'invalid' }), NOW + MINUTE);
    states.told(state('b', 7, { version: 4e15, reason: 'ahead' }), NOW + MINUTE);
    states.told(state('c', 7, { version: 6, reason: 'old' }), NOW + MINUTE);
    expect(states.describe(NOW + MINUTE)).toBeUndefined();
    states.told(state('b', 6, { version: 4e15, reason: 'ahead' }), NOW + MINUTE);
    expect(states.describe(NOW + MINUTE)).toContain('1 of 3 relays does not take my ban list');
    expect(states.describe(NOW + MINUTE)).toContain('(it has another list)');
  });

  it('are not mended by another relay that says it took the list', () => {
    const states = createRelayStates();
    states.published(7, NOW);
    states.told(state('a', 6, { version: 7, reason: 'ahead' }), NOW);
    states.told(state('made up', 7), NOW);
    expect(states.describe(NOW)).toContain('1 of 2 relays does not');
  });

  it('say nothing of what a relay told of the list before, or of one that is newer than what was looked at', () => {
    const states = createRelayStates();
    states.published(6, NOW - MINUTE);
    states.told(state('a', 6), NOW);
    states.told(state('b', 7), NOW);
    expect(states.describe(NOW)).toBeUndefined();
    states.published(7, NOW);
    expect(states.describe(NOW)).toBeUndefined();
  });

  it('tell for three minutes of a list that only relays of an older version take', () => {
    const states = createRelayStates();
    states.foreign(NOW + 1, NOW);
    expect(states.describe(NOW)).toBeUndefined();
    states.foreign(NOW + MAX_BAN_LIST_LEAD_MS + 1, NOW);
    expect(states.describe(NOW + 3 * MINUTE)).toContain('somebody else has published a ban list');
    expect(states.describe(NOW + 3 * MINUTE + 1)).toBeUndefined();
  });

  it('stay few, however many relays somebody makes up', () => {
    const states = createRelayStates();
    states.published(7, NOW);
    for (let count = 0; count < 1_000; count += 1)
      states.told(state(`r${count}`, 1, { version: 7, reason: 'old' }), NOW);
    expect(states.describe(NOW)).toContain('100 of 100');
  });
});

describe('a list', () => {
  const until = '2026-03-01T12:00:10.000Z';
  const own = {
    version: 7,
    bans: [
      { sender: '+1', until: null },
      { sender: '+2', until },
    ],
  };

  it.each([
    ['the same', own, false],
    ['in another order', { version: 7, bans: own.bans.toReversed() }, false],
    ['older', { version: 6, bans: [] }, false],
    ['newer', { version: 8, bans: own.bans }, true],
    ['of one version and other bans', { version: 7, bans: [] }, true],
    [
      'of one version, with another end',
      { version: 7, bans: [own.bans[0], { sender: '+2', until: null }] },
      true,
    ],
    ['of which only the version is known', { version: 7 }, false],
  ])('that is %s: is it foreign?', (_what, heard, expected) => {
    expect(isForeign(heard as typeof own, own, new Date(NOW))).toBe(expected);
  });

  it('whose ban has run out meanwhile is no other', () => {
    const later = { version: 7, bans: own.bans.slice(0, 1) };
    expect(isForeign(own, later, new Date(Date.parse(until)))).toBe(false);
    expect(isForeign(own, later, new Date(NOW))).toBe(true);
  });
});
