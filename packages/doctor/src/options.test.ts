import { UsageError } from '@wbor/command-line';
import { expect, it } from 'vitest';
import { checks } from './checks/index.ts';
import { parseOptions, USAGE } from './options.ts';

it('looks at everything and sends nothing, unless told otherwise', () => {
  expect(parseOptions([])).toEqual({ json: false, send: false, services: undefined });
  expect(parseOptions(['--json', '--send'])).toEqual({ json: true, send: true, services: undefined });
});

it.each([[['--service', 'relay', 'gateway']], [['--service=relay', '--service', 'gateway', 'relay']]])(
  'takes names of services: %j',
  (argv) => {
    expect(parseOptions(argv)).toMatchObject({ services: ['relay', 'gateway'] });
  },
);

it.each([[['relay']], [['--service', 'chat']], [['--service']], [['--colour']]])(
  'refuses %j instead of guessing',
  (argv) => {
    expect(() => parseOptions(argv)).toThrow(UsageError);
  },
);

it.each([[['--help']], [['-h', '--json']]])('shows help for %j', (argv) => {
  expect(parseOptions(argv)).toBe('help');
});

it('explains every check', () => {
  for (const { name, summary } of checks) expect(USAGE).toContain(`  ${name.padEnd(18)} ${summary}`);
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
});
