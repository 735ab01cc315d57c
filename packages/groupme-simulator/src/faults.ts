import type { Events } from './events.ts';
import { type Fault, type FaultRoute, type FaultState, faultSchema } from './fault-schema.ts';

/** A fault that strikes now. */
export interface Strike {
  readonly fault: Fault;
  /** Seconds until the rate limit lets the next one through. */
  readonly waitSeconds: number;
}

export interface Faults {
  /** @throws ZodError for a fault that makes no sense. */
  add(...faults: readonly unknown[]): void;
  clear(): void;
  list(): FaultState[];
  /** Counts one request on the route; the first fault in the list that applies strikes. */
  take(route: FaultRoute, nowMs?: number): Strike | undefined;
}

interface Entry {
  readonly fault: Fault;
  skipLeft: number;
  timesLeft: number;
  /** When the rate limit let something through. */
  passedAtMs: number[];
}

export function createFaults(events: Events): Faults {
  let entries: Entry[] = [];
  const list = () =>
    entries.map(({ fault, timesLeft }) => ({
      fault,
      remaining: Number.isFinite(timesLeft) ? timesLeft : null,
    }));
  const changed = () => events.emit({ type: 'faults', faults: list() });

  return {
    list,
    add(...faults) {
      // All are checked before the first is added: half a script would be worse than none.
      const parsed = faults.map((fault) => faultSchema.parse(fault));
      for (const fault of parsed) {
        entries.push({
          fault,
          skipLeft: fault.skip ?? 0,
          timesLeft: fault.times ?? Number.POSITIVE_INFINITY,
          passedAtMs: [],
        });
      }
      changed();
    },
    clear() {
      entries = [];
      changed();
    },
    take(route, nowMs = performance.now()) {
      for (const entry of entries) {
        if (entry.fault.route !== route) continue;
        if (entry.skipLeft > 0) {
          entry.skipLeft -= 1;
          continue;
        }
        const waitSeconds = passRateLimit(entry, nowMs);
        if (waitSeconds === undefined) continue;
        entry.timesLeft -= 1;
        if (entry.timesLeft === 0) entries = entries.filter((other) => other !== entry);
        if (Number.isFinite(entry.timesLeft)) changed();
        return { fault: entry.fault, waitSeconds };
      }
      return undefined;
    },
  };
}

/** Undefined when the rate limit lets this one through. Other faults let nothing through. */
function passRateLimit(entry: Entry, nowMs: number): number | undefined {
  const { fault } = entry;
  if (fault.mode !== 'rate-limit') return 0;
  const windowMs = fault.perSeconds * 1000;
  entry.passedAtMs = entry.passedAtMs.filter((atMs) => atMs > nowMs - windowMs);
  if (entry.passedAtMs.length < fault.posts) {
    entry.passedAtMs.push(nowMs);
    return undefined;
  }
  const oldestMs = entry.passedAtMs[0] ?? nowMs;
  return Math.max(1, Math.ceil((oldestMs + windowMs - nowMs) / 1000));
}
