import { describe, expect, test } from 'vitest';
import { BENCH_USAGE, parseBenchOptions } from './options.ts';
import { scenarios } from './scenarios/index.ts';

function parse(args: readonly string[]) {
  const command = parseBenchOptions(args);
  if (command === 'help') throw new Error('not a measurement');
  return command;
}

const namesOf = (args: readonly string[]) => parse(args).scenarios.map(({ name }) => name);

describe('parseBenchOptions', () => {
  test('without a name measures all but those that take too long', () => {
    expect(namesOf([])).toContain('relay-burst');
    expect(namesOf([])).not.toContain('relay-queued-1m');
    expect(namesOf(['--all'])).toEqual(scenarios.map(({ name }) => name));
  });

  test('measures what is named, in its usual order', () => {
    expect(namesOf(['relay-queued-1m', 'relay-burst'])).toEqual(['relay-burst', 'relay-queued-1m']);
  });

  test('has five rounds, two quick ones, or as many as are asked for', () => {
    expect(parse([]).rounds).toBe(5);
    expect(parse(['--quick']).rounds).toBe(2);
    expect(parse(['--quick', '--rounds', '3']).rounds).toBe(3);
  });

  test('an unknown scenario is an error that names those that there are', () => {
    expect(() => parseBenchOptions(['relay-bust'])).toThrow(/no scenario relay-bust.*relay-burst/);
  });

  test('refuses what makes no sense', () => {
    for (const args of [
      ['--quick', '--write'],
      ['--profile', '--write'],
      ['--fast'],
      ['--rounds', '0'],
      ['--rounds', 'x'],
      ['--rounds'],
    ]) {
      expect(() => parseBenchOptions(args)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    }
  });
});

test('every scenario has a name of its own, figures, and stands in the help', () => {
  expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  for (const { name, metrics, summary } of scenarios) {
    expect(metrics.length).toBeGreaterThan(0);
    expect(BENCH_USAGE).toContain(`  ${name} `);
    expect(BENCH_USAGE).toContain(summary);
  }
});
