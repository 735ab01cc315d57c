import { describe, expect, it } from 'vitest';
import { createEvents } from './events.ts';
import { createFaults } from './faults.ts';

const make = () => createFaults(createEvents());

describe('the list of faults', () => {
  it('lets the first that fits the route strike, as often as it says, then the next', () => {
    const faults = make();
    faults.add(
      { route: 'pictures', mode: 'hang' },
      { route: 'bots/post', mode: 'reset', times: 2 },
      { route: 'bots/post', mode: 'hang', times: 1 },
    );
    const modes = [1, 2, 3, 4].map(() => faults.take('bots/post')?.fault.mode);
    expect(modes).toEqual(['reset', 'reset', 'hang', undefined]);
  });

  it('strikes without end when it is not told how often', () => {
    const faults = make();
    faults.add({ route: 'messages', mode: 'hang' });
    for (let count = 0; count < 100; count += 1) expect(faults.take('messages')).toBeDefined();
    expect(faults.list()).toMatchObject([{ remaining: null }]);
  });

  it('lets some pass first', () => {
    const faults = make();
    faults.add({ route: 'bots/post', mode: 'reset', skip: 2, times: 1 });
    const struck = [1, 2, 3, 4].map(() => faults.take('bots/post') !== undefined);
    expect(struck).toEqual([false, false, true, false]);
  });

  it('tells what is left, and forgets what is used up', () => {
    const faults = make();
    faults.add({ route: 'bots/post', mode: 'reset', times: 2 });
    faults.take('bots/post');
    expect(faults.list()).toMatchObject([{ remaining: 1 }]);
    faults.take('bots/post');
    expect(faults.list()).toEqual([]);
  });

  it('is empty after clearing', () => {
    const faults = make();
    faults.add({ route: 'bots/post', mode: 'reset' });
    faults.clear();
    expect(faults.take('bots/post')).toBeUndefined();
  });

  it.each([
    ['an unknown route', { route: 'bots', mode: 'hang' }],
    ['an unknown mode', { route: 'bots/post', mode: 'explode' }],
    ['a field that is misspelt', { route: 'bots/post', mode: 'hang', time: 1 }],
    ['a mode without its fields', { route: 'bots/post', mode: 'delay' }],
    ['a mode that makes no sense on the route', { route: 'callback', mode: 'status', status: 500 }],
    ['another such', { route: 'preview', mode: 'accept-then-reset' }],
  ])('refuses %s, and adds nothing then', (_name, fault) => {
    const faults = make();
    expect(() => faults.add({ route: 'bots/post', mode: 'hang' }, fault)).toThrow();
    expect(faults.list()).toEqual([]);
  });
});

describe('the rate limit', () => {
  const limit = { route: 'bots/post', mode: 'rate-limit', perSeconds: 10, posts: 2 } as const;

  it('lets so many through, refuses the rest and says how long to wait', () => {
    const faults = make();
    faults.add(limit);
    expect(faults.take('bots/post', 0)).toBeUndefined();
    expect(faults.take('bots/post', 4_000)).toBeUndefined();
    expect(faults.take('bots/post', 5_000)?.waitSeconds).toBe(5);
    expect(faults.take('bots/post', 9_500)?.waitSeconds).toBe(1);
    expect(faults.take('bots/post', 10_001)).toBeUndefined();
    expect(faults.take('bots/post', 10_002)?.waitSeconds).toBe(4);
  });

  it('counts what it lets through, and leaves it to the next fault', () => {
    const faults = make();
    faults.add({ ...limit, posts: 1 }, { route: 'bots/post', mode: 'hang' });
    expect(faults.take('bots/post', 0)?.fault.mode).toBe('hang');
    expect(faults.take('bots/post', 1)?.fault.mode).toBe('rate-limit');
  });
});
