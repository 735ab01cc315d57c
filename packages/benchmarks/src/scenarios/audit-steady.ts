import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type MeasureStorage, storageVariants } from '../audit-storage.ts';
import { watchProcesses } from '../measure/process-use.ts';
import type { Scenario } from '../types.ts';

const PER_SECOND = 1_000;
const TICK_MS = 20;

/** From the moment of which the event tells, just before it is published, to the beginning of the transaction that stores it. */
const LAG_MS = 'extract(epoch from received_at - occurred_at) * 1000';

/** Publishes at a steady pace, whatever is stored meanwhile. */
const measure: MeasureStorage = async ({ publish, start, waitForRows, world }) => {
  const service = await start();
  const isReady = ({ msg }: { msg?: unknown }) => msg === 'ready';
  await service.waitForLog(isReady);
  const events = world.size(20, 1) * PER_SECOND;
  const round = randomUUID();
  const stopWatching = watchProcesses({ service: service.pid, postgres: world.servers.postgresPid });
  const confirmed: Promise<void>[] = [];
  const startedAtMs = performance.now();
  while (confirmed.length < events) {
    const due = Math.min(events, Math.ceil(((performance.now() - startedAtMs) / 1_000) * PER_SECOND));
    while (confirmed.length < due) {
      const published = publish(round, confirmed.length);
      // Told of at the end.
      published.catch(() => {});
      confirmed.push(published);
    }
    await pause(TICK_MS);
  }
  await Promise.all(confirmed);
  const { p50, p99 } = await waitForRows<{ p50: number; p99: number }>(
    round,
    events,
    [0.5, 0.99]
      .map((part) => `percentile_cont(${part}) within group (order by ${LAG_MS})::float as p${part * 100}`)
      .join(', '),
  );
  const processes = stopWatching();
  await service.stop();
  return { values: { 'lag p50': p50, 'lag p99': p99 }, messages: events, processes };
};

export const auditSteady: Scenario = {
  name: 'audit-steady',
  summary: `${PER_SECOND.toLocaleString('en')} events a second; how much later they are stored`,
  metrics: [
    { name: 'lag p50', unit: 'ms' },
    { name: 'lag p99', unit: 'ms' },
  ],
  ...storageVariants(measure),
};
