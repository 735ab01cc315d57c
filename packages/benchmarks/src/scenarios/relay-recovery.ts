import { forwardingScenario } from '../forwarders.ts';
import type { Scenario } from '../types.ts';

const TIMEOUT_MS = 60_000;

/** From SIGKILL in the middle of the work to the first post of the process that is started then. */
function recoveryScenario(name: string, full: number, quick: number): Scenario {
  return forwardingScenario({
    name: `relay-recovery-${name}`,
    summary: `kill -9 while posting, ${full.toLocaleString('en')} queued; until the next process posts`,
    metrics: [{ name: 'time', unit: 'ms' }],
    async measure(forwarder, world) {
      const { groupme } = forwarder;
      await forwarder.fill(world.size(full, quick));
      await groupme.waitForArrivals(groupme.arrivals.length + world.size(20, 5), TIMEOUT_MS);
      const killedAtMs = performance.now();
      await forwarder.service.kill();
      const before = groupme.arrivals.length;
      await forwarder.start();
      await groupme.waitForArrivals(before + 1, TIMEOUT_MS);
      const next = groupme.arrivals[before]?.atMs ?? Number.NaN;
      return { values: { time: next - killedAtMs }, processes: {} };
    },
  });
}

export const relayRecovery: readonly Scenario[] = [
  recoveryScenario('100', 100, 50),
  recoveryScenario('10k', 10_000, 200),
];
