import type { Fault } from '@wbor/groupme-simulator';
import type { Partition } from '@wbor/testkit';
import { SDK_NAMES, type SdkName } from './facts.ts';
import { createRandom, type Random } from './random.ts';

export const PROCESS_NAMES = ['relay-a', 'relay-b', 'gateway', 'audit-logger'] as const;
export type ProcessName = (typeof PROCESS_NAMES)[number];

/** What breaks. Each is undone by itself when its time is over. */
export type Trouble =
  | { readonly kind: 'kill'; readonly process: ProcessName }
  | { readonly kind: 'freeze'; readonly process: ProcessName }
  /** kill -9, so long after it was given its next message. */
  | { readonly kind: 'producer'; readonly producer: SdkName; readonly afterMs: number }
  | { readonly kind: 'broker'; readonly how: 'stop' | 'kill' }
  /** One of a cluster, counted from 1. `cut` and `stall` part it from the other nodes. */
  | { readonly kind: 'node'; readonly node: number; readonly how: 'stop' | 'kill' | 'freeze' | Partition }
  | { readonly kind: 'postgres' }
  | { readonly kind: 'network'; readonly to: 'broker' | 'groupme'; readonly how: 'cut' | 'stall' }
  | { readonly kind: 'groupme'; readonly fault: Fault };

export interface ScheduledFault {
  /** Counted from 1. */
  readonly number: number;
  /** From the start of the schedule. */
  readonly atMs: number;
  /** How long it stays broken; coming up again takes its time on top. */
  readonly durationMs: number;
  readonly trouble: Trouble;
}

/** Longer than the broker waits for a heartbeat: its connections are dropped while it is frozen. */
const LONG_FREEZE_MS = 35_000;
const LONG_FREEZE_FROM_MINUTES = 5;

type Span = readonly [fromMs: number, toMs: number];
const SHORT: Span = [1_000, 4_000];

/**
 * The nodes of the test's cluster wait for a silent one for six to ten seconds. One that stood still for longer does not know that it was
 * given up; and of a silence that ends in these seconds one side may know and the other not. RabbitMQ has no remedy for either but a
 * restart of the node, and what the node confirms until then the cluster does not have (docs/scaling.md). Nobody on this side of the
 * broker can mend that, so the schedule does not ask for it.
 */
const NODE_TROUBLE_MS: Readonly<
  Record<Extract<Trouble, { kind: 'node' }>['how'], readonly [Span, ...Span[]]>
> = {
  kill: [[1_000, 6_000]],
  stop: [[1_000, 6_000]],
  freeze: [SHORT],
  cut: [[1_000, 20_000]],
  stall: [SHORT, [14_000, 20_000]],
};

/** Time to publish something before the first fault, and to settle a little after the last. */
const QUIET_START_MS = 2_000;
const QUIET_END_MS = 1_000;

/** Within the time of a send as a rule, and now and then after it. */
const PRODUCER_AFTER_MS = 600;
/** A producer may be idle, or busy with what came before, for so long. */
export const PRODUCER_IDLE_MS = 4_000;
/** So that its dice are not those of the others. */
const PRODUCER_SEED = 1_000_003;

/** What one fault occupies; two of the same never overlap. */
export function resourceOf(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'kill':
    case 'freeze':
      return trouble.process;
    case 'producer':
      return trouble.producer;
    case 'broker':
    case 'postgres':
      return trouble.kind;
    // Two nodes of three are no majority.
    case 'node':
      return 'broker';
    case 'network':
      return `network ${trouble.to}`;
    case 'groupme':
      return `simulator ${trouble.fault.route}`;
  }
}

type Drawn = Omit<ScheduledFault, 'number'>;

export interface ScheduleOptions {
  readonly seed: number;
  readonly minutes: number;
  /** The broker is a cluster, whose nodes break one at a time. */
  readonly cluster?: boolean;
}

/** The same for the same options. */
export function buildSchedule({ seed, minutes, cluster = false }: ScheduleOptions): ScheduledFault[] {
  const system = drawFaults({ seed, minutes }, cluster ? CLUSTER_TROUBLES : TROUBLES);
  const all = [...system, ...drawProducerKills({ seed, minutes }, system)];
  return all.toSorted((a, b) => a.atMs - b.atMs).map((fault, index) => ({ number: index + 1, ...fault }));
}

/** Drawn apart from the others, so that these are the same with them and without. */
function drawProducerKills(
  { seed, minutes }: { seed: number; minutes: number },
  others: readonly Drawn[],
): Drawn[] {
  const random = createRandom(seed + PRODUCER_SEED);
  const endMs = minutes * 60_000 - QUIET_END_MS;
  const kills: Drawn[] = [];
  for (const producer of SDK_NAMES) {
    let atMs = QUIET_START_MS + random.integer(1_000, 5_000);
    for (;;) {
      const trouble = { kind: 'producer', producer, afterMs: random.integer(0, PRODUCER_AFTER_MS) } as const;
      const durationMs = random.integer(100, 2_000);
      const killedMs = atMs + PRODUCER_IDLE_MS + durationMs;
      if (killedMs > endMs) break;
      const isAlone = others.some(
        (other) =>
          mustBeAlone(other.trouble) && other.atMs < killedMs && other.atMs + other.durationMs > atMs,
      );
      if (!isAlone) kills.push({ atMs, durationMs, trouble });
      atMs = killedMs + random.integer(1_000, 8_000);
    }
  }
  return kills;
}

function drawFaults(
  { seed, minutes }: { seed: number; minutes: number },
  troubles: readonly Trouble[],
): Drawn[] {
  const random = createRandom(seed);
  const endMs = minutes * 60_000 - QUIET_END_MS;
  const busyUntilMs = new Map<string, number>();
  const faults: Drawn[] = [];
  let aloneUntilMs = 0;

  const add = (atMs: number, trouble: Trouble, durationMs: number): void => {
    busyUntilMs.set(resourceOf(trouble), atMs + durationMs + recoveryMs(trouble));
    if (mustBeAlone(trouble)) aloneUntilMs = atMs + durationMs;
    faults.push({ atMs, durationMs, trouble });
  };

  let longFreezeAtMs =
    minutes >= LONG_FREEZE_FROM_MINUTES ? random.integer(60_000, endMs - LONG_FREEZE_MS - 30_000) : undefined;
  let deck: Trouble[] = [];
  let atMs = QUIET_START_MS + random.integer(0, 1_000);
  while (atMs < endMs) {
    if (longFreezeAtMs !== undefined && atMs >= longFreezeAtMs) {
      const process = random.pick<ProcessName>(['relay-a', 'relay-b']);
      atMs = Math.max(atMs, busyUntilMs.get(process) ?? 0);
      add(atMs, { kind: 'freeze', process }, LONG_FREEZE_MS);
      longFreezeAtMs = undefined;
      atMs += random.integer(1_000, 3_000);
      continue;
    }
    if (deck.length === 0) deck = random.shuffled(troubles);
    const free = deck.find((trouble) => (busyUntilMs.get(resourceOf(trouble)) ?? 0) <= atMs);
    if (free === undefined) {
      atMs += 500;
      continue;
    }
    deck.splice(deck.indexOf(free), 1);
    const durationMs = chooseDuration(random, free);
    if (mustBeAlone(free)) atMs = Math.max(atMs, ...busyUntilMs.values());
    if (atMs + durationMs > endMs) break;
    add(atMs, free, durationMs);
    // Now and then the next one comes while this one lasts.
    const gapMs = random.chance(0.3)
      ? random.integer(0, durationMs)
      : durationMs + random.integer(500, 4_000);
    atMs = Math.max(atMs + gapMs, aloneUntilMs);
  }
  return faults;
}

/**
 * A request that a stalled network delivers after its sender was killed is in no chat while the next relay looks
 * there. Nobody could tell, so the schedule does not ask for it.
 */
function mustBeAlone(trouble: Trouble): boolean {
  return trouble.kind === 'network' && trouble.to === 'groupme' && trouble.how === 'stall';
}

/** Until what broke works again, roughly. */
function recoveryMs(trouble: Trouble): number {
  switch (trouble.kind) {
    case 'kill':
      return 2_000;
    case 'broker':
      return 12_000;
    case 'node':
      return 15_000;
    case 'postgres':
      return 3_000;
    default:
      return 500;
  }
}

function chooseDuration(random: Random, trouble: Trouble): number {
  switch (trouble.kind) {
    case 'kill':
    case 'producer':
      return random.integer(200, 3_000);
    case 'freeze':
      return random.integer(1_000, 5_000);
    case 'broker':
      return random.integer(200, 3_000);
    case 'postgres':
      return random.integer(500, 5_000);
    case 'network':
      return random.integer(500, 5_000);
    case 'node':
      return random.integer(...random.pick(NODE_TROUBLE_MS[trouble.how]));
    case 'groupme':
      return random.integer(2_000, 6_000);
  }
}

function groupme(fault: Fault): Trouble {
  return { kind: 'groupme', fault };
}

const post = 'bots/post';

/** Every kind that there is, once, but for the kills that matter most. Dealt like cards, so that each has its turn. */
const TROUBLES: readonly Trouble[] = [
  { kind: 'kill', process: 'relay-a' },
  { kind: 'kill', process: 'relay-a' },
  { kind: 'kill', process: 'relay-b' },
  { kind: 'kill', process: 'relay-b' },
  { kind: 'kill', process: 'gateway' },
  { kind: 'kill', process: 'audit-logger' },
  { kind: 'freeze', process: 'relay-a' },
  { kind: 'freeze', process: 'relay-b' },
  { kind: 'broker', how: 'stop' },
  { kind: 'broker', how: 'kill' },
  { kind: 'postgres' },
  { kind: 'network', to: 'broker', how: 'cut' },
  { kind: 'network', to: 'broker', how: 'stall' },
  { kind: 'network', to: 'groupme', how: 'cut' },
  { kind: 'network', to: 'groupme', how: 'stall' },
  groupme({ route: post, mode: 'status', status: 500, times: 3 }),
  groupme({ route: post, mode: 'status', status: 503, times: 3 }),
  groupme({ route: post, mode: 'status', status: 429, times: 2 }),
  groupme({ route: post, mode: 'status', status: 429, retryAfter: 2, times: 1 }),
  groupme({ route: post, mode: 'status', status: 404 }),
  groupme({ route: post, mode: 'hang', times: 1 }),
  groupme({ route: post, mode: 'reset', times: 2 }),
  groupme({ route: post, mode: 'accept-then-reset', times: 2 }),
  groupme({ route: post, mode: 'accept-then-status', status: 500, times: 2 }),
  groupme({ route: post, mode: 'accept-then-hang', times: 1 }),
  groupme({ route: post, mode: 'rate-limit', posts: 4, perSeconds: 2 }),
  groupme({ route: 'callback', mode: 'reset', times: 4 }),
  groupme({ route: 'callback', mode: 'duplicate', times: 6 }),
];

const CLUSTER_TROUBLES: readonly Trouble[] = [
  ...TROUBLES.filter(({ kind }) => kind !== 'broker'),
  ...[1, 2, 3].flatMap((node): Trouble[] => [
    { kind: 'node', node, how: 'kill' },
    { kind: 'node', node, how: 'stop' },
    { kind: 'node', node, how: 'freeze' },
    { kind: 'node', node, how: 'cut' },
    { kind: 'node', node, how: 'stall' },
  ]),
];

/** For people: what happens, without when. */
export function describeTrouble(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'kill':
      return `kill -9 ${trouble.process}`;
    case 'freeze':
      return `freeze ${trouble.process}`;
    case 'producer':
      return `kill -9 ${trouble.producer} while it sends`;
    case 'broker':
      return trouble.how === 'kill' ? 'kill -9 the broker' : 'stop the broker';
    case 'node':
      return describeNodeTrouble(trouble);
    case 'postgres':
      return 'stop Postgres';
    case 'network':
      return `${trouble.how} the network to ${trouble.to === 'broker' ? 'the broker' : 'GroupMe'}`;
    case 'groupme': {
      const { route, mode, times } = trouble.fault;
      const status = 'status' in trouble.fault ? ` ${trouble.fault.status}` : '';
      const retryAfter = 'retryAfter' in trouble.fault ? `, Retry-After ${trouble.fault.retryAfter}` : '';
      return `GroupMe: ${route} ${mode}${status}${retryAfter}${times === undefined ? '' : ` ×${times}`}`;
    }
  }
}

function describeNodeTrouble({ how, node }: Extract<Trouble, { kind: 'node' }>): string {
  if (how === 'cut' || how === 'stall') return `${how} the network between node ${node} and the others`;
  return `${how === 'kill' ? 'kill -9' : how} node ${node}`;
}
