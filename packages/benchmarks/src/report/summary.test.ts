import { expect, test } from 'vitest';
import type { ScenarioResult } from '../run-bench.ts';
import { summariseFigures, summariseProcesses } from './summary.ts';

const round = (rate: number, cpuMs = 100, peakMiB = 80) => ({
  values: { rate },
  messages: 50,
  processes: { service: { cpuMs, peakMiB } },
});

const RESULT: ScenarioResult = {
  name: 'burst',
  summary: 'a burst',
  metrics: [{ name: 'rate', unit: 'msg/s' }],
  ours: { name: 'relay', rounds: [round(100, 100, 90), round(50, 300, 95), round(80, 200, 80)] },
  floors: [
    { name: 'bare', rounds: [round(200), round(200), round(200)] },
    { name: 'silent', rounds: [{ values: {}, processes: {} }] },
  ],
};

test('a figure is the median of the rounds, with the least and the most', () => {
  expect(summariseFigures(RESULT)[0]?.ours).toEqual({ median: 80, least: 50, most: 100 });
});

test('a ratio is made within a round', () => {
  // A machine that is twice as slow in one round is so for both.
  const floors = [{ name: 'bare', rounds: [round(200), round(100), round(160)] }];
  expect(summariseFigures({ ...RESULT, floors })[0]?.floors[0]?.ratio).toEqual({
    median: 0.5,
    least: 0.5,
    most: 0.5,
  });
});

test('a floor without the figure has neither figure nor ratio', () => {
  expect(summariseFigures(RESULT)[0]?.floors[1]).toEqual({
    name: 'silent',
    spread: undefined,
    ratio: undefined,
  });
});

test('a process is told by its CPU time a message and the most memory of all rounds', () => {
  expect(summariseProcesses(RESULT)[0]).toEqual({
    scenario: 'burst',
    variant: 'relay',
    process: 'service',
    cpuMs: 200,
    cpuMsPerMessage: 4,
    peakMiB: 95,
  });
});
