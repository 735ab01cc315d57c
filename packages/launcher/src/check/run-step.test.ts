import { expect, test } from 'vitest';
import { parseCheckOptions } from './options.ts';
import { vitestCommand } from './run-step.ts';

function command(...args: string[]) {
  const options = parseCheckOptions(args);
  if (options === 'help') throw new Error('not a run');
  return vitestCommand('unit', options, 'report.json');
}

test('a run without a filter must find tests', () => {
  expect(command()).not.toContain('--passWithNoTests');
  expect(command('--only', 'unit')).not.toContain('--passWithNoTests');
});

test('a filter may fit none of this project, and comes last', () => {
  expect(command('apps/relay').slice(-1)).toEqual(['apps/relay']);
  expect(command('-t', 'a b', 'apps/relay').slice(-3)).toEqual(['-t', 'a b', 'apps/relay']);
  for (const args of [['apps/relay'], ['-t', 'a b']]) {
    expect(command(...args)).toContain('--passWithNoTests');
  }
});
