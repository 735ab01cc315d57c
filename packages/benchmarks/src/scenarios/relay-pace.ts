import { forwardingScenario, type Measure } from '../forwarders.ts';
import { watchProcesses } from '../measure/process-use.ts';
import type { Variant } from '../types.ts';

const PER_SECOND = 4;
const TIMEOUT_MS = 120_000;

const measure: Measure = async (forwarder, world) => {
  const { groupme } = forwarder;
  const count = world.size(60, 3) * PER_SECOND;
  // More than is waited for, so that there is a backlog to the end.
  await forwarder.fill(count + 2 * PER_SECOND);
  const before = groupme.arrivals.length;
  const stopWatching = watchProcesses(forwarder.pids());
  await groupme.waitForArrivals(before + count, TIMEOUT_MS);
  const times = groupme.arrivals.slice(before, before + count).map(({ atMs }) => atMs);
  const seconds = ((times.at(-1) ?? Number.NaN) - (times[0] ?? Number.NaN)) / 1_000;
  return {
    values: { rate: (count - 1) / seconds, 'most in a second': mostWithin(times, 1_000) },
    messages: count,
    processes: stopWatching(),
  };
};

/** How many lie in the fullest window of this length. */
function mostWithin(times: readonly number[], windowMs: number): number {
  return Math.max(
    ...times.map((from) => times.filter((time) => time >= from && time < from + windowMs).length),
  );
}

/** There is no floor under a pace: the figure is what is allowed. */
const allowed: Variant = {
  name: 'what is allowed',
  async open() {
    return async () => ({ values: { rate: PER_SECOND, 'most in a second': PER_SECOND }, processes: {} });
  },
};

export const relayPace = forwardingScenario({
  name: 'relay-pace',
  summary: `a backlog, and ${PER_SECOND} posts a second allowed`,
  metrics: [
    { name: 'rate', unit: 'msg/s' },
    { name: 'most in a second', unit: 'posts' },
  ],
  relayEnv: {
    GROUPME_RATE_PER_SECOND: String(PER_SECOND),
    GROUPME_MAX_RATE_PER_SECOND: String(PER_SECOND),
  },
  measure,
  floors: [allowed],
});
