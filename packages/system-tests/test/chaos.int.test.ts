import { expect, it } from 'vitest';
import { reportLines } from '../src/chaos/report.ts';
import { runChaos } from '../src/chaos/run-chaos.ts';

const SEED = 7;
const MINUTES = 2;

it('two minutes of chaos lose, swap, mix up and forget nothing', { timeout: 360_000 }, async () => {
  const lines: string[] = [];
  const result = await runChaos({
    seed: SEED,
    minutes: MINUTES,
    onProgress: (line) => lines.push(line),
  });
  if (result === undefined) throw new Error('the run was interrupted');
  const { verdict, facts } = result;
  // What happened when: without it, a failure would say that, but not why.
  const report = [...lines, ...reportLines(result, SEED, MINUTES)].join('\n');
  process.stderr.write(`[chaos] seed ${SEED}: ${verdict.chat.repeats.length} repeated posts\n`);
  expect(facts.messages.length).toBeGreaterThan(100);
  expect(facts.faults.length).toBeGreaterThan(30);
  // Some of the SDK's messages are posted by the SDK itself.
  expect(facts.ownCalls.length).toBeGreaterThan(5);
  expect(verdict.failures, report).toEqual([]);
});
