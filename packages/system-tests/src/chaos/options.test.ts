import { expect, it } from 'vitest';
import { parseChaosOptions } from './options.ts';

it('has defaults, and a seed of its own', () => {
  expect(parseChaosOptions([])).toMatchObject({
    seed: expect.any(Number),
    minutes: 2,
    echo: true,
    readBack: true,
    json: false,
    allowRepeats: undefined,
  });
});

it('reads everything', () => {
  const args = [
    '--minutes=0.5',
    '--seed',
    '9',
    '--no-echo',
    '--no-read-back',
    '--allow-repeats',
    '3',
    '--json',
    '--fuzz',
    '--cluster',
  ];
  expect(parseChaosOptions([...args, '--keep-logs', 'logs'])).toEqual({
    fuzz: true,
    cluster: true,
    minutes: 0.5,
    seed: 9,
    echo: false,
    readBack: false,
    allowRepeats: 3,
    settleSeconds: 180,
    logsFolder: 'logs',
    json: true,
  });
});

it('refuses what it does not understand', () => {
  for (const args of [['--minutes', '0'], ['--minutes', 'two'], ['--seed', '1.5'], ['--seed='], ['--fast']]) {
    expect(() => parseChaosOptions(args), args.join(' ')).toThrow(expect.objectContaining({ code: 'USAGE' }));
  }
});
