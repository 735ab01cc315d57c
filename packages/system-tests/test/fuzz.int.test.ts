import { expect, it } from 'vitest';
import { reportLines } from '../src/fuzz/report.ts';
import { runFuzz } from '../src/fuzz/run-fuzz.ts';

const SEED = 9;
const MINUTES = 0.4;

it('what no contract foresees stops and loses nothing, and all of it is accounted for', {
  timeout: 420_000,
}, async () => {
  const lines: string[] = [];
  const result = await runFuzz({ seed: SEED, minutes: MINUTES, onProgress: (line) => lines.push(line) });
  if (result === undefined) throw new Error('the run was interrupted');
  const report = [...lines, ...reportLines(result, SEED)].join('\n');
  process.stderr.write(`[fuzz] seed ${SEED}: ${result.facts.sent.length} inputs\n`);
  expect(result.facts.sent.length).toBeGreaterThan(100);
  expect(result.facts.good.length).toBeGreaterThan(10);
  expect(result.judgement.failures, report).toEqual([]);
});
