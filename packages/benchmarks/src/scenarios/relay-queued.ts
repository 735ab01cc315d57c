import { type Forwarder, forwardingScenario } from '../forwarders.ts';
import { watchProcesses } from '../measure/process-use.ts';
import type { Scenario } from '../types.ts';
import type { World } from '../world.ts';

const TIMEOUT_MS = 120_000;

/** Starts on a queue of this length, and looks at the first posts only: the length is the matter, not the end of it. */
function queuedScenario(name: string, full: number, quick: number, more: Partial<Scenario> = {}): Scenario {
  const fillAtRest = async (forwarder: Forwarder, world: World): Promise<void> => {
    await forwarder.service.kill();
    await forwarder.fill(world.size(full, quick));
  };
  return forwardingScenario({
    name: `relay-queued-${name}`,
    summary: `start on ${full.toLocaleString('en')} queued messages, then the first 800 posts`,
    metrics: [{ name: 'rate', unit: 'msg/s' }],
    ...more,
    prepare: fillAtRest,
    async measure(forwarder, world) {
      const { groupme } = forwarder;
      const count = world.size(800, 40);
      const before = groupme.arrivals.length;
      await forwarder.start();
      await groupme.waitForArrivals(before + 1, TIMEOUT_MS);
      const stopWatching = watchProcesses(forwarder.pids());
      const from = groupme.arrivals.length;
      await groupme.waitForArrivals(before + count, TIMEOUT_MS);
      const messages = groupme.arrivals.length - from;
      const processes = stopWatching();
      const first = groupme.arrivals[before]?.atMs ?? Number.NaN;
      const last = groupme.arrivals[before + count - 1]?.atMs ?? Number.NaN;
      await fillAtRest(forwarder, world);
      return { values: { rate: ((count - 1) * 1_000) / (last - first) }, messages, processes };
    },
  });
}

export const relayQueued: readonly Scenario[] = [
  queuedScenario('1k', 1_000, 100),
  queuedScenario('100k', 100_000, 300),
  queuedScenario('1m', 1_000_000, 300, { onlyByName: true, maxRounds: 3 }),
];
