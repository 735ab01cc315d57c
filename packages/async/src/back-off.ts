/** Says how many milliseconds to wait after a failure; `failures` counts those in a row before it, from 0. */
export type BackOff = (failures: number) => number;

/**
 * Exponential back-off: `minMs`, twice that, four times … up to `maxMs`. Each wait is shortened by up to half at
 * random, so that replicas that failed together do not come back together.
 */
export function backOff(options: {
  readonly minMs: number;
  readonly maxMs: number;
  /** A number from 0 to 1; a test passes its own. */
  readonly random?: () => number;
}): BackOff {
  const { minMs, maxMs, random = Math.random } = options;
  return (failures) => Math.min(minMs * 2 ** failures, maxMs) * (0.5 + random() / 2);
}
