import { expect, test } from 'vitest';
import type { Machine } from '../machine.ts';
import type { BenchResult, ScenarioResult } from '../run-bench.ts';
import { addReport } from './add-report.ts';

const machine = { commit: 'abc', cores: 2, loadBefore: 0.1 } as Machine;

const scenario = (name: string, rate: number): ScenarioResult => ({
  name,
  summary: name,
  metrics: [{ name: 'rate', unit: 'msg/s' }],
  ours: { name: 'relay', rounds: [{ values: { rate }, processes: {} }] },
  floors: [],
});

const report = (scenarios: ScenarioResult[], more: Partial<Machine> = {}): BenchResult => ({
  machine: { ...machine, ...more },
  quick: false,
  scenarios,
});

test('the figures of two runs stand in the usual order, the newer ones where both have some', () => {
  const older = report([scenario('relay-burst', 1), scenario('http-send', 1)], { loadBefore: 0.5 });
  const newer = report([scenario('http-send', 2), scenario('relay-latency', 2)]);
  const added = addReport(older, newer);
  const rates = added.scenarios.map(({ name, ours }) => [name, ours.rounds[0]?.values.rate]);
  expect(rates).toEqual([
    ['relay-latency', 2],
    ['relay-burst', 1],
    ['http-send', 2],
  ]);
  expect(added.machine.loadBefore).toBe(0.5);
});

test('figures of other code, or of another machine, are not put beside them', () => {
  const newer = report([scenario('http-send', 2)]);
  for (const more of [{ commit: 'abc+' }, { cores: 4 }]) {
    expect(() => addReport(report([], more), newer)).toThrow(/cannot be added to: it has (commit|cores)/);
  }
});
