import { expect, it } from 'vitest';
import { chatPattern } from './chat-pattern.ts';

it.each([
  ['1 + 1 (a.b) [c]?', '1 + 1 (a.b) [c]?', true],
  ['a.b', 'axb', false],
  ['a', 'a\n', false],
  ['after {length}.', 'after less than a second.', true],
  ['after {length}.', 'after 12 minutes.', true],
  ['after {length}.', 'after a while.', false],
  ['"a"\n---UID---\n{uid}\n---------', '"a"\n---UID---\n0a1b2c3d\n---------', true],
  ['"a"\n---UID---\n{uid}\n---------', '"a"\n---UID---\n0A1B\n---------', false],
])('%j and %j: %s', (expected, actual, fits) => {
  expect(chatPattern(expected).test(actual)).toBe(fits);
});

it('knows a message again that was sent with another id', () => {
  const said = '"a"\n---UID---\n0a1b2c3d\n---------';
  const other = said.replace('0a1b2c3d', 'ffffffff');
  expect(chatPattern(said).test(other)).toBe(false);
  expect(chatPattern(said, true).test(other)).toBe(true);
});
