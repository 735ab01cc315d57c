import { expect, it } from 'vitest';
import { commandNames } from './index.ts';
import { suggest } from './suggest.ts';

it.each([
  ['stast', 'stats'],
  ['stat', 'stats'],
  ['satus', 'status'],
  ['bna', 'ban'],
  ['unbann', 'unban'],
  ['hlep', 'help'],
  ['pong', 'ping'],
])('takes %s for %s', (typed, meant) => {
  expect(suggest(typed, commandNames)).toBe(meant);
});

it.each(['', 'weather', 'x'.repeat(900), '🎶🎶'])('has no suggestion for %j', (typed) => {
  expect(suggest(typed, commandNames)).toBeUndefined();
});
