import { randomUUID } from 'node:crypto';
import { forwardingScenario, type Measure } from '../forwarders.ts';
import { watchProcesses } from '../measure/process-use.ts';

const TIMEOUT_MS = 120_000;
const PARTS = 100;
/** With this limit a text of the greatest length comes to about a hundred parts. */
const CHARACTER_LIMIT = 175;
const LONGEST_BODY = 16_000;

/** The floor is given the parts, the relay has to cut them; how many it makes, it says in each. */
const measure: Measure = async (forwarder, world) => {
  const { groupme, producer } = forwarder;
  const messages = world.size(3, 1);
  const stopWatching = watchProcesses(forwarder.pids());
  let parts = 0;
  const startedAtMs = performance.now();
  for (let number = 0; number < messages; number += 1) {
    const before = groupme.arrivals.length;
    await producer.publish(longMessage());
    await groupme.waitForArrivals(before + 1, TIMEOUT_MS);
    const expected = Number(/^\(\d+\/(\d+)\)/.exec(groupme.arrivals[before]?.text ?? '')?.[1] ?? Number.NaN);
    await groupme.waitForArrivals(before + expected, TIMEOUT_MS);
    parts += expected;
  }
  const seconds = ((groupme.arrivals.at(-1)?.atMs ?? Number.NaN) - startedAtMs) / 1_000;
  return { values: { rate: parts / seconds }, messages: parts, processes: stopWatching() };
};

function longMessage() {
  const id = randomUUID();
  const words = `${id} `.repeat(LONGEST_BODY / id.length).slice(0, LONGEST_BODY - id.length);
  const length = Math.ceil(words.length / PARTS);
  const parts = Array.from({ length: PARTS }, (_, index) => {
    const text = words.slice(index * length, (index + 1) * length);
    return `(${index + 1}/${PARTS}):\n${text}`;
  });
  return { body: words, parts };
}

export const relayParts = forwardingScenario({
  name: 'relay-parts',
  summary: `a message of ${PARTS} parts`,
  metrics: [{ name: 'rate', unit: 'parts/s' }],
  relayEnv: { GROUPME_CHARACTER_LIMIT: String(CHARACTER_LIMIT) },
  measure,
});
