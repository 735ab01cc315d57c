import { setTimeout as pause } from 'node:timers/promises';
import { forwardingScenario, type Measure } from '../forwarders.ts';
import { watchProcesses } from '../measure/process-use.ts';
import { percentile } from '../measure/statistics.ts';

const PER_SECOND = 20;
const TIMEOUT_MS = 60_000;

/** Publishes at a steady pace, whether the last one has arrived or not: a slow answer must not slow the clock. */
const measure: Measure = async (forwarder, world) => {
  const { groupme, producer } = forwarder;
  const count = world.size(15 * PER_SECOND, PER_SECOND);
  const before = groupme.arrivals.length;
  const stopWatching = watchProcesses(forwarder.pids());
  const publishedAtMs: number[] = [];
  const confirmed: Promise<void>[] = [];
  const startedAtMs = performance.now();
  for (let number = 0; number < count; number += 1) {
    const waitMs = startedAtMs + (number * 1_000) / PER_SECOND - performance.now();
    if (waitMs > 0) await pause(waitMs);
    publishedAtMs.push(performance.now());
    confirmed.push(producer.publish({ body: `message ${number}` }));
  }
  await Promise.all(confirmed);
  await groupme.waitForArrivals(before + count, TIMEOUT_MS);
  const processes = stopWatching();
  const latencies = groupme.arrivals.slice(before).map(({ atMs, text }) => {
    const number = Number(/message (\d+)/.exec(text)?.[1]);
    return atMs - (publishedAtMs[number] ?? Number.NaN);
  });
  return {
    values: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
    messages: count,
    processes,
  };
};

export const relayLatency = forwardingScenario({
  name: 'relay-latency',
  summary: `publish → request at GroupMe, ${PER_SECOND} messages a second`,
  metrics: [
    { name: 'p50', unit: 'ms' },
    { name: 'p99', unit: 'ms' },
  ],
  measure,
});
