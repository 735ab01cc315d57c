import type { Facts, Step } from '../../src/delivery/next-step.ts';
import { REOPEN_MS } from './channels.ts';
import { isCompleteNow } from './item.ts';
import { checkRest } from './promises.ts';
import { MAX_SPINS, type ModelRelay, startModelRelay } from './relay.ts';
import type { Incident, Schedule } from './schedule.ts';
import { settled } from './virtual-time.ts';
import { createWorld, type World } from './world.ts';

const RESTART_MS = 500;
/** Everything must be over by then. */
const END_MS = 60 * 60_000;

/**
 * Runs the real loop, inbox, table, throttle, poster and ledger through a schedule, on a clock of its own, with a world
 * around them that knows the truth and checks the promises at each call.
 *
 * @param decide the table of steps that is tried; default: the real one.
 * @throws an error that says which promise was broken, and what had happened until then.
 */
export async function runSchedule(schedule: Schedule, decide?: (facts: Facts) => Step): Promise<void> {
  const world = createWorld(schedule);
  const relays = keepOneRelay(world, decide);
  plan(world, schedule, relays.happen);
  relays.start();
  await runToTheEnd(world, relays);
  relays.current.process.alive = false;
  if (world.books.failure) throw world.books.failure;
}

/** Puts what the schedule says on the clock. */
function plan({ books, broker, time }: World, schedule: Schedule, happen: (what: Incident) => void): void {
  for (const item of books.items) time.at(item.message.atMs, () => broker.put(item));
  for (const { atMs, what } of schedule.incidents) time.at(atMs, () => happen(what));
  // Who stays uncertain for ever ends nothing.
  const lastMs = Math.max(0, ...schedule.incidents.map(({ atMs }) => atMs));
  time.at(lastMs + 1, () => happen('bans-certain'));
}

async function runToTheEnd(world: World, relays: Relays): Promise<void> {
  const { books, time } = world;
  let spins = 0;
  while (books.items.some(({ ended }) => !ended)) {
    await settled();
    const { nextAtMs } = time;
    if (nextAtMs !== time.nowMs) checkRest(world, relays.current.process);
    spins = nextAtMs === time.nowMs ? spins + 1 : 0;
    books.require('nothing spins', spins < MAX_SPINS);
    books.require('every message comes to an end', nextAtMs !== undefined && nextAtMs <= END_MS);
    if (books.failure) return;
    time.advance();
  }
}

interface Relays {
  readonly current: ModelRelay;
  start(): void;
  /** Something happens to the relay, or to what it knows. */
  happen(what: Incident): void;
}

/** One relay at a time, and a new one after each that has ended. */
function keepOneRelay(world: World, decide: ((facts: Facts) => Step) | undefined): Relays {
  const { bans, books, broker, time } = world;
  let relay: ModelRelay;

  function start(): void {
    relay = startModelRelay(world, decide);
  }

  function replace(): void {
    if (!relay.process.alive) return;
    relay.process.alive = false;
    // The next relay knows neither of doubts nor of what this one has waited for.
    for (const item of books.items) Object.assign(item, { knownAsDoubted: false, awaited: false });
    broker.channels.lose(undefined);
    time.at(time.nowMs + RESTART_MS, start);
  }

  async function stop(): Promise<void> {
    const { process } = relay;
    if (process.stopping || !process.alive) return;
    await relay.stop();
    if (!process.alive) return;
    const isLeft = broker.channels.inHand.some(isCompleteNow);
    books.require('what is complete is acknowledged before the end', !isLeft);
    replace();
  }

  return {
    get current() {
      return relay;
    },
    start,
    happen(what) {
      books.note(what);
      bans.happen(what);
      if (what === 'ban' || what === 'unban') relay.wake();
      if (what === 'channel-lost') broker.channels.lose(REOPEN_MS);
      if (what === 'channel-cut') broker.channels.cut();
      if (what === 'relay-killed') replace();
      if (what === 'relay-stopped' || what === 'stopped-and-lost') void stop();
      if (what === 'stopped-and-lost') broker.channels.lose(undefined);
    },
  };
}
