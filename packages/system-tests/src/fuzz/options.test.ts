import { expect, it } from 'vitest';
import { parseFuzzOptions } from './options.ts';

it('has defaults, and a seed of its own', () => {
  expect(parseFuzzOptions([])).toMatchObject({
    minutes: 1,
    only: undefined,
    keepFolder: undefined,
  });
});

it('takes what it is told', () => {
  const args = ['--minutes', '0.5', '--seed', '7', '--only', '3,48', '--keep', 'there'];
  expect(parseFuzzOptions(args)).toEqual({
    minutes: 0.5,
    seed: 7,
    only: [3, 48],
    keepFolder: 'there',
  });
});

it.each([['--minutes', 'x'], ['--minutes', '0'], ['--seed', '1.5'], ['--only', '1,b'], ['--nothing']])(
  'refuses %s %s',
  (...args) => {
    expect(() => parseFuzzOptions(args)).toThrow(/--/);
  },
);
