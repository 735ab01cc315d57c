import { randomUUID } from 'node:crypto';
import { waitFor } from '@wbor/testkit';
import { type MeasureStorage, storageVariants } from '../audit-storage.ts';
import { watchProcesses } from '../measure/process-use.ts';
import { publishInTurn } from '../producer.ts';
import type { Scenario } from '../types.ts';

const TIMEOUT_MS = 900_000;

/** The queue is filled first, then the process is started; the rate is Postgres's own, from its first row to the last. */
function backlogOf(full: number, quick: number): MeasureStorage {
  return async ({ countQueued, publish, start, waitForRows, world }) => {
    const events = world.size(full, quick);
    const round = randomUUID();
    await publishInTurn(numbersBelow(events), (number) => publish(round, number));
    const startedAtMs = performance.now();
    const service = await start();
    const stopWatching = watchProcesses({ service: service.pid, postgres: world.servers.postgresPid });
    // Counting rows is work for Postgres: not before nearly all are there.
    await waitFor(async () => (await countQueued()) === 0, {
      what: 'the queue is empty',
      timeoutMs: TIMEOUT_MS,
      intervalMs: 50,
    });
    const { seconds } = await waitForRows<{ seconds: number }>(
      round,
      events,
      'extract(epoch from max(received_at) - min(received_at))::float as seconds',
    );
    const processes = stopWatching();
    const lasted = (performance.now() - startedAtMs) / 1_000;
    await service.stop();
    return { values: { rate: events / seconds, 'with the start': lasted }, messages: events, processes };
  };
}

function* numbersBelow(end: number): Generator<number> {
  for (let number = 0; number < end; number += 1) yield number;
}

const metrics = [
  { name: 'rate', unit: 'rows/s' },
  { name: 'with the start', unit: 's' },
];

export const auditBacklogs: readonly Scenario[] = [
  {
    name: 'audit-backlog',
    summary: 'a backlog of 50,000 events into Postgres',
    metrics,
    ...storageVariants(backlogOf(50_000, 2_000)),
  },
  {
    name: 'audit-backlog-1m',
    summary: 'the same with 1,000,000',
    metrics,
    ...storageVariants(backlogOf(1_000_000, 2_000)),
    maxRounds: 1,
    onlyByName: true,
  },
];
