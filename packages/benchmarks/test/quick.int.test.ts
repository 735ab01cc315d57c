import { expect, inject, it } from 'vitest';
import { toMarkdown } from '../src/report/markdown.ts';
import { summariseFigures, summariseProcesses } from '../src/report/summary.ts';
import { runBench } from '../src/run-bench.ts';
import { scenarios } from '../src/scenarios/index.ts';

/** Each kind of work once: messages to the chat, calls over HTTP, rows in Postgres. */
const SHOWN = ['relay-burst', 'http-send', 'audit-backlog'];

it('a quick run gives every figure of ours and of each floor', { timeout: 240_000 }, async () => {
  const { machine, scenarios: results } = await runBench({
    scenarios: scenarios.filter(({ name }) => SHOWN.includes(name)),
    rounds: 1,
    quick: true,
    servers: { brokerUrl: inject('brokerUrl'), postgresUrl: inject('databaseUrl') },
    onProgress: () => undefined,
  });
  expect(results.map(({ error, name }) => [name, error])).toEqual(SHOWN.map((name) => [name, undefined]));
  expect(machine.rabbitmq).toMatch(/^\d+\./);
  const figures = results.flatMap(summariseFigures);
  const numbers = figures.flatMap(({ floors, ours }) => [
    ours?.median,
    ...floors.flatMap(({ ratio, spread }) => [spread?.median, ratio?.median]),
  ]);
  expect(numbers.length).toBeGreaterThan(20);
  expect(numbers.filter((number) => !(Number.isFinite(number) && Number(number) > 0))).toEqual([]);
  const processes = results.flatMap(summariseProcesses);
  expect(processes.filter(({ peakMiB }) => !(peakMiB > 0))).toEqual([]);
  const text = toMarkdown({ machine, quick: true, scenarios: results });
  for (const { metric, scenario } of figures) expect(text).toContain(`| ${scenario} | ${metric}, `);
});
