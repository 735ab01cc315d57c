import { checkFacts } from './check.ts';
import type { ChaosFacts, FaultRecord } from './facts.ts';
import { makeSyntheticFacts } from './synthetic-facts.testing.ts';

/** What the checker says of a run in which everything went well, but for this. */
export function judge(
  change: Partial<ChaosFacts>,
  limits: { evidence: boolean; allowRepeats?: number } = { evidence: true },
) {
  return checkFacts({ ...makeSyntheticFacts(), ...change }, limits);
}

export function relayKill(startMs: number): FaultRecord {
  return {
    number: 1,
    what: 'kill -9 relay-a',
    kind: 'kill',
    target: 'relay-a',
    startMs,
    endMs: startMs + 500,
  };
}
