import { forwardingScenario, type Measure } from '../forwarders.ts';
import { watchProcesses } from '../measure/process-use.ts';
import { median } from '../measure/statistics.ts';

const TIMEOUT_MS = 60_000;

/** One after the other: fetch, upload, post. */
const measure: Measure = async (forwarder, world) => {
  const { groupme, producer } = forwarder;
  const count = world.size(60, 3);
  const stopWatching = watchProcesses(forwarder.pids());
  const latencies: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const before = groupme.arrivals.length;
    const publishedAtMs = performance.now();
    await producer.publish({ body: `picture ${number}`, images: [groupme.photoUrl] });
    await groupme.waitForArrivals(before + 1, TIMEOUT_MS);
    latencies.push((groupme.arrivals.at(-1)?.atMs ?? Number.NaN) - publishedAtMs);
  }
  return { values: { p50: median(latencies) }, messages: count, processes: stopWatching() };
};

export const relayImage = forwardingScenario({
  name: 'relay-image',
  summary: 'a message with a picture: fetched, uploaded, posted',
  metrics: [{ name: 'p50', unit: 'ms' }],
  measure,
});
