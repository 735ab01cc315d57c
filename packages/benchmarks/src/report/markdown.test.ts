import { describe, expect, test } from 'vitest';
import type { BenchResult } from '../run-bench.ts';
import { showNumber, toMarkdown } from './markdown.ts';

const RESULT: BenchResult = {
  machine: {
    date: '2026-11-29T21:00:00.000Z',
    commit: '0123abc',
    cpu: 'A processor',
    cores: 2,
    memoryGiB: 4,
    os: 'Linux 6',
    node: 'v24.0.0',
    rabbitmq: '3.10.8',
    postgres: '18.0',
    loadBefore: 0.1,
  },
  quick: false,
  scenarios: [
    {
      name: 'burst',
      summary: 'a burst',
      metrics: [{ name: 'rate', unit: 'msg/s' }],
      ours: {
        name: 'relay',
        rounds: [1234, 1300].map((rate) => ({
          values: { rate },
          messages: 10,
          processes: { service: { cpuMs: 25, peakMiB: 90.4 } },
        })),
      },
      floors: [{ name: 'bare', rounds: [{ values: { rate: 2468 }, processes: {} }] }],
    },
  ],
};

describe('showNumber', () => {
  test.each([
    [1234.6, '1,235'],
    [99.94, '99.9'],
    [3.456, '3.46'],
    [0.281, '0.28'],
    [0, '0.00'],
  ])('%d is %s', (value, text) => {
    expect(showNumber(value)).toBe(text);
  });
});

test('a figure stands with its spread, its floors and its ratios', () => {
  expect(toMarkdown(RESULT)).toContain(
    '| burst | rate, msg/s | 1,267 (1,234 to 1,300) | 2,468 | 0.50 | – | – |',
  );
});

test('a process stands with its CPU time a message and its memory', () => {
  expect(toMarkdown(RESULT)).toContain('| burst | relay | service | 2.50 | 90.4 |');
});

test('machine, versions, date and commit are told', () => {
  const [line] = toMarkdown(RESULT).split('\n');
  for (const fact of ['2026-11-29', '0123abc', '2 × A processor', 'v24.0.0', '3.10.8', '18.0']) {
    expect(line).toContain(fact);
  }
});

test('a quick run and a failure are not to be overlooked', () => {
  const scenarios = RESULT.scenarios.map((scenario) => ({ ...scenario, error: 'it was late' }));
  const text = toMarkdown({ ...RESULT, quick: true, scenarios });
  expect(text).toContain('worth nothing');
  expect(text).toContain('**burst failed**: it was late');
});
