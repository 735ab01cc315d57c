import { z } from 'zod';
import type { Events } from './events.ts';

const FAULT_ROUTES = ['bots/post', 'pictures', 'preview', 'messages', 'callback'] as const;
export type FaultRoute = (typeof FAULT_ROUTES)[number];

const base = {
  route: z.enum(FAULT_ROUTES),
  /** How often it strikes; without it, until it is cleared. */
  times: z.number().int().positive().optional(),
  /** So many matching requests pass first: `skip: 1, times: 1` hits only the second. */
  skip: z.number().int().nonnegative().optional(),
};

const answer = {
  status: z.number().int().min(200).max(599),
  /** A string goes out as it is, anything else as JSON. Default: GroupMe's own error envelope. */
  body: z.unknown().optional(),
  /** Seconds or an HTTP date. */
  retryAfter: z.union([z.string(), z.number()]).optional(),
};

/** Which modes make sense on which route. */
const MODES: Readonly<Record<FaultRoute, readonly string[]>> = {
  'bots/post': postModes(),
  pictures: postModes(),
  preview: ['status', 'hang', 'reset', 'delay'],
  messages: ['status', 'hang', 'reset', 'delay', 'rate-limit'],
  callback: ['reset', 'delay', 'duplicate'],
};

function postModes(): readonly string[] {
  return [
    'status',
    'hang',
    'reset',
    'delay',
    'rate-limit',
    'accept-then-reset',
    'accept-then-status',
    'accept-then-hang',
  ];
}

/**
 * One scripted misbehaviour.
 *
 * - `status`: that answer, nothing accepted.
 * - `hang`: no answer, nothing accepted.
 * - `reset`: the connection is reset, nothing accepted. For a callback: it is lost.
 * - `accept-then-…`: the post is shown (the picture stored), then the connection is reset, another status is
 *   answered, or nothing is.
 * - `delay`: the normal answer, later. The post is accepted then, even if the client has gone.
 * - `rate-limit`: more than `posts` within `perSeconds` are refused.
 * - `duplicate`: the callback is made twice.
 */
export const faultSchema = z
  .discriminatedUnion('mode', [
    z.strictObject({ ...base, mode: z.literal('status'), ...answer }),
    z.strictObject({ ...base, mode: z.literal('hang') }),
    z.strictObject({ ...base, mode: z.literal('reset') }),
    z.strictObject({ ...base, mode: z.literal('accept-then-reset') }),
    z.strictObject({ ...base, mode: z.literal('accept-then-status'), ...answer }),
    z.strictObject({ ...base, mode: z.literal('accept-then-hang') }),
    z.strictObject({ ...base, mode: z.literal('delay'), delayMs: z.number().nonnegative().max(600_000) }),
    z.strictObject({
      ...base,
      mode: z.literal('rate-limit'),
      perSeconds: z.number().positive(),
      posts: z.number().int().nonnegative(),
      /** Whether the refusal says how long to wait. Default false, as seen of GroupMe. */
      retryAfter: z.boolean().optional(),
      status: z.union([z.literal(429), z.literal(420)]).optional(),
    }),
    z.strictObject({ ...base, mode: z.literal('duplicate') }),
  ])
  .refine((fault) => MODES[fault.route].includes(fault.mode), {
    path: ['mode'],
    message: 'makes no sense on this route',
  });
export type Fault = z.infer<typeof faultSchema>;

/** A fault as it stands. */
export interface FaultState {
  readonly fault: Fault;
  /** How often it will still strike; null when without end. */
  readonly remaining: number | null;
}

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
