import { forwardingScenario, type Measure } from '../forwarders.ts';
import { watchProcesses } from '../measure/process-use.ts';

const TIMEOUT_MS = 120_000;

/** From the first publish to the last request at GroupMe. */
const measure: Measure = async (forwarder, world) => {
  const { groupme } = forwarder;
  const count = world.size(1_500, 60);
  const before = groupme.arrivals.length;
  const stopWatching = watchProcesses(forwarder.pids());
  const startedAtMs = performance.now();
  await forwarder.fill(count);
  await groupme.waitForArrivals(before + count, TIMEOUT_MS);
  const seconds = ((groupme.arrivals.at(-1)?.atMs ?? Number.NaN) - startedAtMs) / 1_000;
  return { values: { rate: count / seconds }, messages: count, processes: stopWatching() };
};

export const relayBurst = forwardingScenario({
  name: 'relay-burst',
  summary: '1,500 messages published at once, no limit of pace',
  metrics: [{ name: 'rate', unit: 'msg/s' }],
  measure,
});
