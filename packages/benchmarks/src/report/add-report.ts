import type { BenchResult } from '../run-bench.ts';
import { scenarios as allScenarios } from '../scenarios/index.ts';

/** What makes figures of two runs comparable. */
const SAME = ['commit', 'cpu', 'cores', 'memoryGiB', 'os', 'node', 'rabbitmq', 'postgres'] as const;

/**
 * The figures of two runs, in the usual order; those of the newer one where both have a scenario.
 *
 * @throws Error when the older run is not of the same code and machine.
 */
export function addReport(older: BenchResult, newer: BenchResult): BenchResult {
  const other = SAME.find((what) => older.machine[what] !== newer.machine[what]);
  if (other !== undefined) {
    const [before, now] = [older.machine[other], newer.machine[other]];
    throw new Error(`the last report cannot be added to: it has ${other} ${before}, this run ${now}`);
  }
  const byName = new Map([...older.scenarios, ...newer.scenarios].map((one) => [one.name, one]));
  return {
    machine: { ...newer.machine, loadBefore: Math.max(older.machine.loadBefore, newer.machine.loadBefore) },
    quick: older.quick || newer.quick,
    scenarios: allScenarios.flatMap(({ name }) => byName.get(name) ?? []),
  };
}
