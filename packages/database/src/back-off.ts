const MIN_MS = 1_000;
const MAX_MS = 30_000;

/** 1, 2, 4 … 30 s, each shortened by up to half at random, so that replicas do not come back in step. */
export function backOffMs(attempt: number, random: () => number = Math.random): number {
  const ceilingMs = Math.min(MIN_MS * 2 ** Math.min(attempt, 10), MAX_MS);
  return ceilingMs * (1 - random() / 2);
}
