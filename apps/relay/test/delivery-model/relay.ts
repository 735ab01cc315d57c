import { Registry } from 'prom-client';
import type { Clock } from '../../src/delivery/clock.ts';
import { type Deliverer, startDeliveryLoop } from '../../src/delivery/deliver.ts';
import { createInbox } from '../../src/delivery/inbox.ts';
import { type Facts, nextStep, type Step } from '../../src/delivery/next-step.ts';
import { createPartPoster } from '../../src/delivery/post-part.ts';
import { createLedger } from '../../src/delivery/reconcile/ledger.ts';
import { createResume } from '../../src/delivery/reconcile/resume.ts';
import { createStepRunner } from '../../src/delivery/run-step.ts';
import { createThrottle } from '../../src/delivery/throttle.ts';
import { createRelayMetrics } from '../../src/metrics.ts';
import { POSTS_PER_SECOND } from './call-limit.ts';
import { type Consumer, HOLD_MS, REOPEN_MS } from './channels.ts';
import { groupmeFor, observerFor } from './chat.ts';
import { endingsFor } from './endings.ts';
import { entryOf, isBegun, isCompleteNow } from './item.ts';
import { journalFor, recorderFor } from './journal.ts';
import { createRelayProcess, type RelayProcess } from './relay-process.ts';
import type { World } from './world.ts';

/** One relay: the real delivery, with the world around it. */
export interface ModelRelay {
  readonly process: RelayProcess;
  /** The ban list has changed. */
  wake(): void;
  /** Tells it to stop, and resolves once it has let go of all that it was handed, or has been waited for long enough. */
  stop(): Promise<void>;
}

/** As long as the consumer of the real broker waits. */
const STOP_TIMEOUT_MS = 5_000;
/** Far more than can happen in one millisecond. */
export const MAX_SPINS = 1_000;

const FRACTION_MS = 0.25;

const logger = { debug() {}, info() {}, warn() {}, error() {} } as never;
const metrics = createRelayMetrics(new Registry());

/** @param decide the table of steps that is tried. */
export function startModelRelay(world: World, decide: (facts: Facts) => Step = nextStep): ModelRelay {
  const { books, broker, limit, time } = world;
  const process = createRelayProcess();
  const { deliverer, wake } = buildDelivery(world, process, decide);
  const offers = new Set<Promise<void>>();
  const consumer: Consumer = {
    process,
    onDelivery(delivery) {
      const offer = deliverer.onDelivery(delivery).catch((error: unknown) => {
        const text = error instanceof Error ? error.stack : error;
        books.require(`no handler fails: ${text}`, false, books.item(delivery.content.toString()));
      });
      offers.add(offer);
      void offer.then(() => offers.delete(offer));
    },
  };
  books.note('relay starts');
  limit.forget();
  broker.channels.open(consumer);
  return {
    process,
    wake,
    async stop() {
      process.stopping = true;
      deliverer.stop();
      await Promise.race([Promise.all(offers), time.pause(STOP_TIMEOUT_MS)]);
    },
  };
}

function buildDelivery(
  world: World,
  process: RelayProcess,
  decide: (facts: Facts) => Step,
): { deliverer: Deliverer; wake: () => void } {
  const { bans, books } = world;
  const clock = clockFor(world, process);
  const ledger = createLedger();
  const inbox = createInbox(clock);
  const throttle = createThrottle({
    ratePerSecond: POSTS_PER_SECOND,
    maxRatePerSecond: POSTS_PER_SECOND,
    now: clock.now,
    random: () => 0,
  });
  const journal = journalFor(world, process, ledger);
  const endings = endingsFor(world, process);
  const shared = { clock, inbox, ledger, throttle, bans, logger, metrics, journal, renewHoldMs: HOLD_MS };
  const poster = createPartPoster({
    ...shared,
    // A call that is announced too late is not reached here: the relay after this one would wait for its message (decision 23).
    clock: { ...clock, alarm: () => () => {} },
    groupme: groupmeFor(world, process),
    observer: observerFor(world, process, ledger),
    recorder: recorderFor(world, process, throttle.waitMs),
    progress: { posting: () => undefined, inDoubt: () => undefined },
  });
  const renewHold = () => renew(world, process);
  const deliverer = startDeliveryLoop({
    ...shared,
    outbox: {
      read: ({ content }) => ({ ok: true, value: entryOf(books.item(content.toString())) }),
    },
    resume: createResume(shared),
    runner: createStepRunner({ ...shared, ...endings, poster, renewHold }),
    parker: endings.parker,
    decide: countingSpins(world, decide),
  });
  return { deliverer, wake: inbox.wake };
}

/**
 * A loop that decides without end lets neither the clock go on nor anybody else have a turn. It is stopped by a fault,
 * which makes it let go of the message.
 */
function countingSpins({ books, time }: World, decide: (facts: Facts) => Step): (facts: Facts) => Step {
  let sinceMs = 0;
  let decisions = 0;
  return (facts) => {
    decisions = time.nowMs === sinceMs ? decisions + 1 : 0;
    sinceMs = time.nowMs;
    if (decisions < MAX_SPINS) return decide(facts);
    books.require('nothing spins', false);
    throw new Error('the loop spins');
  };
}

/** A clock that goes on for a process only while that lives. */
function clockFor({ time }: World, process: RelayProcess): Clock {
  return {
    // Never a whole number, as the real one.
    now: () => time.nowMs + FRACTION_MS,
    epochMs: () => time.nowMs,
    alarm: (atMs, callback) =>
      time.at(Math.max(Math.ceil(atMs - FRACTION_MS), time.nowMs), () => {
        if (process.alive) callback();
      }),
  };
}

async function renew({ books, broker, time }: World, process: RelayProcess): Promise<void> {
  const { channels } = broker;
  const { require } = books;
  require('no hold is renewed once the relay stops', !process.stopping);
  require('no hold is renewed before it has ended', channels.holdExpired);
  require('what is complete is not given back', !channels.inHand.some(isCompleteNow));
  const { inHand } = channels;
  channels.lose(REOPEN_MS);
  const emergency = inHand.find(({ message }) => message.lane === 'urgent');
  if (emergency && !inHand.some(isBegun)) emergency.awaited = true;
  await process.during(time.pause(REOPEN_MS));
}
