import { describe, expect, test } from 'vitest';
import { parseCheckOptions } from './options.ts';

describe('parseCheckOptions', () => {
  test('runs every step, in order, when nothing is asked for', () => {
    expect(parseCheckOptions([])).toEqual({
      steps: ['typecheck', 'lint', 'knip', 'unit', 'integration'],
      files: [],
      testNamePattern: undefined,
    });
  });

  test('--only picks steps and keeps their order', () => {
    expect(parseCheckOptions(['--only', 'unit', '--only=lint'])).toMatchObject({ steps: ['lint', 'unit'] });
    expect(parseCheckOptions(['--only', 'integration,typecheck'])).toMatchObject({
      steps: ['typecheck', 'integration'],
    });
  });

  test('files and -t run tests only', () => {
    expect(parseCheckOptions(['apps/relay', 'amqp'])).toMatchObject({
      steps: ['unit', 'integration'],
      files: ['apps/relay', 'amqp'],
    });
    expect(parseCheckOptions(['-t', 'stop and start'])).toMatchObject({
      steps: ['unit', 'integration'],
      testNamePattern: 'stop and start',
    });
    expect(parseCheckOptions(['--only', 'unit', 'apps/relay'])).toMatchObject({ steps: ['unit'] });
  });

  test('refuses what it does not know', () => {
    for (const args of [['--only', 'everything'], ['--fast'], ['-t']]) {
      expect(() => parseCheckOptions(args)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    }
  });
});
