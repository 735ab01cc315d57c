import type { Delivery } from '@wbor/amqp';
import type { PlannedMessage } from '@wbor/contracts';
import {
  type GroupMeError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
  GroupMeUnknownOutcomeError,
  GroupMeUnreachableError,
} from '@wbor/groupme';
import type { Lane, OutboxEntry } from '../outbox.ts';
import type { Clock } from './clock.ts';
import { type Deliverer, startDeliveryLoop } from './deliver.ts';
import { createInbox } from './inbox.ts';
import type { Facts, Step } from './next-step.ts';
import { createPartPoster } from './post-part.ts';
import { type CallState, createLedger, type LedgerCall, type LedgerPart } from './reconcile/ledger.ts';
import { createResume } from './reconcile/resume.ts';
import { createStepRunner } from './run-step.ts';
import { createThrottle } from './throttle.ts';

/** A message of a schedule. */
interface ModelMessage {
  readonly lane: Lane;
  readonly source: string;
  readonly parts: number;
  /** Whether it has a sender, who may be banned. */
  readonly sender: boolean;
  /** When it is put into the outbox, and how long its producer waits then, in milliseconds. */
  readonly atMs: number;
  readonly patienceMs: number | undefined;
}

/** How GroupMe answers one call. `lost-*`: there is no answer, and the post is in the chat or not. */
export type Answer = 'accepts' | 'limits' | 'unreachable' | 'rejects' | 'lost-shown' | 'lost-absent';

/** What happens to a relay. `stopped-and-lost`: it is told to stop, and its channel breaks in the same moment. */
export type Incident =
  | 'channel-lost'
  | 'relay-killed'
  | 'relay-stopped'
  | 'stopped-and-lost'
  | 'ban'
  | 'unban'
  | 'bans-uncertain'
  | 'bans-certain';

export interface Schedule {
  readonly messages: readonly ModelMessage[];
  readonly incidents: readonly { readonly atMs: number; readonly what: Incident }[];
  /** Each call's answer and duration in turn; after the last one GroupMe accepts at once. */
  readonly calls: readonly { readonly answer: Answer; readonly ms: number }[];
  /** Whether each search of the chat gives certainty, in turn; after the last one it does. */
  readonly searches: readonly boolean[];
}

/** A promise that the delivery has broken. */
class BrokenPromiseError extends Error {
  override readonly name = 'BrokenPromiseError';
}

/** Short, so that holds end in the middle of everything. */
const HOLD_MS = 4_000;
const SEARCH_MS = 3_000;
const REOPEN_MS = 20;
const RESTART_MS = 500;
const RETRY_AFTER_MS = 2_000;
const POSTS_PER_SECOND = 4;
const WINDOW: Readonly<Record<Lane, number>> = { urgent: 2, normal: 4 };
/** Everything must be over by then. */
const END_MS = 60 * 60_000;
/** Far more than can happen in one millisecond. */
const MAX_SPINS = 1_000;
const FRACTION_MS = 0.25;
const SENDER = '+12075550123';

/** One message in the world's books. */
interface Item {
  readonly number: number;
  readonly message: ModelMessage;
  readonly planned: PlannedMessage;
  readonly planId: string;
  readonly deadlineMs: number;
  /** Parts that the chat shows. */
  readonly shown: Set<number>;
  /** Parts that were recorded as delivered. */
  readonly recorded: Set<number>;
  /** In which delivery the last of them was. */
  recordedIn: number;
  queued: boolean;
  ending: 'posted' | 'parked' | 'expired' | 'blocked' | undefined;
  heldBy: { readonly channel: Channel; readonly sinceMs: number } | undefined;
  deliveries: number;
  rejectedPart: number | undefined;
  /** The call whose result is not recorded, since when it is over, and in which delivery it was made. */
  open: { part: number; endedAtMs: number | undefined; delivery: number; searched: boolean } | undefined;
  /** Whether a search has left it open whether some part is in the chat, and whether this relay knows of that. */
  doubted: boolean;
  knownAsDoubted: boolean;
  tried: boolean;
}

interface Channel {
  readonly id: number;
  readonly lost: AbortController;
}

interface Relay {
  readonly deliverer: Deliverer;
  readonly offers: Set<Promise<void>>;
  readonly throttleWaitMs: () => number;
  alive: boolean;
  stopping: boolean;
}

const never = new Promise<never>(() => {});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Runs the real loop, inbox, table, throttle, poster and ledger through a schedule, on a clock of its own, with a world
 * around them that knows the truth and checks the promises at each call.
 *
 * @throws BrokenPromiseError with what was broken, and what had happened until then.
 */
export async function runSchedule(schedule: Schedule, decide?: (facts: Facts) => Step): Promise<void> {
  const world = createWorld(schedule, decide);
  await world.run();
}

function createWorld(schedule: Schedule, decide: ((facts: Facts) => Step) | undefined) {
  const story: string[] = [];
  const timers: { atMs: number; act: () => void }[] = [];
  const journal: { part: LedgerPart; call: LedgerCall; state: CallState }[] = [];
  const items = schedule.messages.map(toItem);
  const calls = [...schedule.calls];
  const searches = [...schedule.searches];
  let nowMs = 0;
  let channel: Channel | undefined;
  let channels = 0;
  let relay: Relay;
  let banned = false;
  let certain = true;
  const certainWaiters: (() => void)[] = [];
  let wake = (): void => {};
  let callsInFlight = 0;
  let searching = false;
  let callableAtMs = 0;
  let backedOffUntilMs = 0;
  let failure: BrokenPromiseError | undefined;

  function at(atMs: number, act: () => void): () => void {
    const timer = { atMs, act };
    timers.push(timer);
    return () => {
      const index = timers.indexOf(timer);
      if (index >= 0) timers.splice(index, 1);
    };
  }

  function note(text: string): void {
    story.push(`${nowMs} ${text}`);
  }

  function require(promise: string, kept: boolean, item?: Item): void {
    if (kept) return;
    failure ??= new BrokenPromiseError(
      `${promise}${item ? ` (m${item.number})` : ''}, at ${nowMs}:\n${story.join('\n')}`,
    );
  }

  const pause = (ms: number): Promise<void> => new Promise((resolve) => at(nowMs + ms, resolve));
  const isHeld = (item: Item): boolean => item.heldBy !== undefined && item.heldBy.channel === channel;
  const inHand = (): Item[] => items.filter(isHeld);
  const oldestMs = (): number => Math.min(...inHand().map(({ heldBy }) => heldBy?.sinceMs ?? nowMs));
  const holdExpired = (): boolean => inHand().length > 0 && nowMs - oldestMs() >= HOLD_MS;
  const isBegun = (item: Item): boolean =>
    item.recorded.size > 0 || item.knownAsDoubted || item.open !== undefined;
  const isLate = (item: Item): boolean => nowMs >= item.deadlineMs;
  const isBanned = (item: Item): boolean => item.message.sender && certain && banned;
  const isComplete = (item: Item): boolean => item.recorded.size === item.message.parts;
  /** Complete, and its turn was the last one: after a delivery of its own others may come first. */
  const isCompleteNow = (item: Item): boolean => isComplete(item) && item.recordedIn === item.deliveries;
  const itemOf = (text: string): { item: Item; part: number } => {
    const [, number = '', part = ''] = /^m(\d+) p(\d+)$/.exec(text) ?? [];
    const item = items[Number(number)];
    if (!item) throw new Error(`no such post: ${text}`);
    return { item, part: Number(part) };
  };

  // ---- The broker ----

  function openChannel(): void {
    if (!relay.alive || relay.stopping) return;
    channels += 1;
    channel = { id: channels, lost: new AbortController() };
    note(`channel ${channels}`);
    hand();
  }

  /** Hands out what the windows allow, in the order of each queue. */
  function hand(): void {
    for (const lane of ['urgent', 'normal'] as const) {
      for (const item of items) {
        const held = inHand().filter(({ message }) => message.lane === lane).length;
        if (channel === undefined || relay.stopping || held >= WINDOW[lane]) break;
        if (item.message.lane === lane && item.queued && !item.ending && !isHeld(item))
          deliver(item, channel);
      }
    }
  }

  function deliver(item: Item, from: Channel): void {
    item.heldBy = { channel: from, sinceMs: nowMs };
    item.deliveries += 1;
    const redelivered = item.deliveries > 1;
    const delivery: Delivery = {
      content: Buffer.from(String(item.number)),
      queue: item.message.lane,
      channelId: from.id,
      routingKey: item.message.lane,
      exchange: '',
      redelivered,
      messageId: item.planId,
      correlationId: undefined,
      replyTo: undefined,
      timestamp: undefined,
      priority: 0,
      expirationMs: undefined,
      headers: {},
      signal: from.lost.signal,
      ack: () => acknowledge(item, from),
      requeue: () => {
        require('no handler fails', false, item);
        return false;
      },
      isHeld: async () => isHeld(item) && channel === from,
    };
    const { offers } = relay;
    const offer = relay.deliverer.onDelivery(delivery).catch((error: unknown) => {
      require(`no handler fails: ${error instanceof Error ? error.stack : error}`, false, item);
    });
    offers.add(offer);
    void offer.then(() => offers.delete(offer));
  }

  function acknowledge(item: Item, from: Channel): boolean {
    if (channel !== from || !isHeld(item)) return false;
    note(`m${item.number} acknowledged`);
    item.heldBy = undefined;
    item.queued = false;
    if (item.ending === undefined) {
      require('what is acknowledged is in the chat', isComplete(item), item);
      item.ending = 'posted';
    }
    at(nowMs, hand);
    return true;
  }

  function loseChannel(reopenMs: number | undefined): void {
    const lost = channel;
    if (!lost) return;
    note(`channel ${lost.id} lost`);
    channel = undefined;
    for (const item of items) item.heldBy = undefined;
    if (reopenMs !== undefined) at(nowMs + reopenMs, openChannel);
    lost.lost.abort();
  }

  // ---- GroupMe ----

  async function postMessage({ text }: { text: string }) {
    const { item, part } = itemOf(text);
    const { answer, ms } = calls.shift() ?? { answer: 'accepts', ms: 0 };
    note(`call ${text}: ${answer}, ${ms} ms`);
    checkCall(item, part);
    callsInFlight += 1;
    item.tried = true;
    item.open = { part, endedAtMs: undefined, delivery: item.deliveries, searched: false };
    callableAtMs = nowMs + 1000 / POSTS_PER_SECOND;
    if (answer === 'accepts' || answer === 'lost-shown') item.shown.add(part);
    const caller = relay;
    if (ms > 0) await pause(ms);
    if (!caller.alive) return never;
    callsInFlight -= 1;
    item.open.endedAtMs = nowMs;
    const facts = { status: 0, durationMs: ms };
    // GroupMe answers: the outage is over.
    if (answer === 'accepts' || answer === 'rejects') backedOffUntilMs = 0;
    if (answer === 'accepts') return { status: 202, durationMs: ms };
    if (answer === 'limits') {
      callableAtMs = nowMs + RETRY_AFTER_MS;
      throw new GroupMeRateLimitedError('429', { ...facts, retryAfterMs: RETRY_AFTER_MS });
    }
    // The shortest back-off there is.
    if (answer !== 'rejects') backedOffUntilMs = nowMs + 500;
    throw failureOf(answer, facts);
  }

  function checkCall(item: Item, part: number): void {
    const normal = item.message.lane === 'normal';
    require('no post without holding the message', isHeld(item), item);
    require('one call at a time', callsInFlight === 0, item);
    require('no call is begun once the relay stops', !relay.stopping, item);
    require('no call is begun once the hold has ended', !holdExpired(), item);
    require('no call while another of the message has no result', item.open === undefined, item);
    require('what GroupMe has rejected is not posted again', item.rejectedPart !== part, item);
    require('the pace is kept', nowMs >= callableAtMs - 1, item);
    const mayTryAtOnce = !normal && !item.tried;
    require('the back-off of an outage is kept', mayTryAtOnce || nowMs >= backedOffUntilMs - 1, item);
    require('a part that the chat shows is not posted again', !item.shown.has(part) || item.doubted, item);
    require('parts are posted in order', Array.from({ length: part - 1 }, (_, index) => index + 1).every(
      (n) => item.shown.has(n),
    ), item);
    for (const other of items) {
      if (other === item || other.ending !== undefined || !other.queued) continue;
      // Nothing of it will be posted any more: only its acknowledgement is missing, or it is about to be parked.
      if (other.shown.size === other.message.parts || other.rejectedPart !== undefined) continue;
      require('a begun message is always next', other.message.parts === 1 || !isBegun(other), item);
      const sameLine =
        other.message.lane === item.message.lane && other.message.source === item.message.source;
      require('each source keeps its order', !sameLine || other.number > item.number, item);
    }
    if (isBegun(item)) return;
    require('nothing late is begun', !isLate(item), item);
    require('nothing of a banned sender is begun', !item.message.sender || (certain && !banned), item);
    const urgentWaits = inHand().some(({ message }) => message.lane === 'urgent');
    require('an urgent message waits for a begun one at most', !normal || !urgentWaits, item);
  }

  // ---- What a relay asks of the world ----

  function startRelay(): void {
    const self: Relay = { alive: true, stopping: false, offers: new Set(), ...build(() => self.alive) };
    relay = self;
    note('relay starts');
    // Pace and back-off are a process's own.
    callableAtMs = 0;
    backedOffUntilMs = 0;
    openChannel();
  }

  function build(isAlive: () => boolean): Pick<Relay, 'deliverer' | 'throttleWaitMs'> {
    const clock: Clock = {
      // Never a whole number, as the real one.
      now: () => nowMs + FRACTION_MS,
      epochMs: () => nowMs,
      alarm: (atMs, callback) =>
        at(Math.max(Math.ceil(atMs - FRACTION_MS), nowMs), () => isAlive() && callback()),
    };
    const logger = { debug() {}, info() {}, warn() {}, error() {} } as never;
    const ledger = createLedger();
    const inbox = createInbox(clock);
    const throttle = createThrottle({
      ratePerSecond: POSTS_PER_SECOND,
      maxRatePerSecond: POSTS_PER_SECOND,
      now: clock.now,
      random: () => 0,
    });
    wake = inbox.wake;
    const poster = createPartPoster({
      groupme: { postMessage },
      throttle,
      ledger,
      logger,
      metrics: { postSeconds: { observe() {} } } as never,
      journal: {
        async announce(part, call) {
          if (!isAlive()) return never;
          journal.push({ part, call, state: 'open' });
          return true;
        },
      },
      observer: {
        async observe(entry, lost) {
          const { item, part } = itemOf(entry.text);
          checkSearch(item);
          searching = true;
          await Promise.race([
            pause(SEARCH_MS),
            new Promise((resolve) => lost.addEventListener('abort', resolve)),
          ]);
          if (!isAlive()) return never;
          searching = false;
          if (lost.aborted) return undefined;
          if (item.open) item.open.searched = true;
          const sure = searches.shift() ?? true;
          note(`m${item.number} p${part} searched: ${sure ? 'certain' : 'uncertain'}`);
          if (!sure) {
            item.doubted = true;
            item.knownAsDoubted = true;
            return 'undetermined';
          }
          if (!item.shown.has(part)) return 'absent';
          backedOffUntilMs = 0;
          const post = { id: `${entry.text} ${nowMs}`, text: entry.text, pictureUrl: undefined };
          ledger.observe({ ...post, createdAtMs: entry.lastCall.sentAtMs }, 'read-back');
          return 'observed';
        },
      },
      recorder: {
        log() {},
        async record(_planned, entry, { outcome }) {
          const { item, part } = itemOf(entry.text);
          note(`m${item.number} p${part} recorded: ${outcome}`);
          if (outcome === 'unknown' && entry.examined)
            require('a call in doubt is not given up before the next', throttle.waitMs() <= 0, item);
          if (outcome === 'unknown')
            require('no doubt is ended without a search', item.open?.searched === true, item);
          journal.push({ part: entry, call: entry.lastCall, state: entry.state });
          const madeIn = item.open?.delivery ?? item.deliveries;
          item.open = undefined;
          if (outcome === 'delivered') {
            item.recorded.add(part);
            item.recordedIn = madeIn;
          }
          if (outcome === 'rejected') item.rejectedPart = part;
        },
      },
    });
    const deliverer = startDeliveryLoop({
      outbox: { read: ({ content }) => ({ ok: true, value: entryOf(items[Number(content.toString())]) }) },
      inbox,
      ledger,
      throttle,
      clock,
      logger,
      renewHoldMs: HOLD_MS,
      ...(decide === undefined ? {} : { decide }),
      resume: createResume({
        ledger,
        logger,
        journal: {
          announce: () => never,
          async read() {
            for (const { part, call, state } of journal) ledger.record(part, call, state);
          },
        },
      }),
      bans: {
        isBannedNow: () => banned,
        get certain() {
          return certain;
        },
      },
      parker: {
        async park(delivery) {
          const item = items[Number(delivery.content.toString())];
          if (item) end(item, 'parked');
          delivery.ack();
        },
      },
      runner: createStepRunner({
        inbox,
        bans: {
          untilCertain: () => new Promise((resolve) => certainWaiters.push(() => isAlive() && resolve())),
        },
        poster,
        ledger,
        clock,
        logger,
        renewHoldMs: HOLD_MS,
        metrics: { posts: { inc() {} } } as never,
        notPosted: {
          blocked: async ({ wbor_message_id }) => end(items[Number(wbor_message_id)], 'blocked'),
          expired: async ({ wbor_message_id }) => end(items[Number(wbor_message_id)], 'expired'),
        },
        producer: {
          succeeded({ wborMessageId }) {
            const item = items[Number(wborMessageId)];
            require('a producer is told of success once all is in the chat', item !== undefined &&
              isComplete(item));
            require('a producer is told by whoever holds the message', item !== undefined && isHeld(item));
          },
          failed() {},
          drain: async () => {},
        },
        parker: {
          async park(delivery) {
            const item = items[Number(delivery.content.toString())];
            if (item) end(item, 'parked');
            delivery.ack();
          },
        },
        async renewHold() {
          require('no hold is renewed once the relay stops', !relay.stopping);
          require('no hold is renewed before it has ended', holdExpired());
          require('what is complete is not given back', !inHand().some(isCompleteNow));
          loseChannel(REOPEN_MS);
          await pause(REOPEN_MS);
        },
      }),
    });
    return { deliverer, throttleWaitMs: throttle.waitMs };
  }

  function checkSearch(item: Item): void {
    require('a search is made by whoever holds the message', isHeld(item), item);
    require('no search is begun once the hold has ended', !holdExpired(), item);
    const { open } = item;
    // Not when the message was delivered again: others may come first.
    if (open?.endedAtMs !== undefined && open.delivery === item.deliveries)
      require('a doubt is searched at once', nowMs === open.endedAtMs, item);
  }

  /** A message ends without a post of its next part. */
  function end(item: Item | undefined, ending: 'parked' | 'expired' | 'blocked'): void {
    if (!item) return;
    note(`m${item.number} ${ending}`);
    require('a message is ended by whoever holds it', isHeld(item), item);
    require('nothing is ended once the hold has ended', !holdExpired(), item);
    require('nothing is ended once the relay stops', !relay.stopping, item);
    const rejected = item.rejectedPart !== undefined;
    require('what GroupMe has rejected is parked, and nothing else is', rejected ===
      (ending === 'parked'), item);
    if (ending !== 'parked') require('what is begun is posted', !isBegun(item), item);
    if (ending === 'expired') require('only what is late expires', isLate(item), item);
    if (ending === 'blocked') require('only who is banned is blocked', isBanned(item), item);
    if (ending === 'blocked') require('what is late is not blocked', !isLate(item), item);
    item.ending = ending;
  }

  /** What must be so whenever nothing is under way any more. */
  function checkRest(): void {
    const held = inHand();
    require('what is complete is acknowledged at once', !relay.alive ||
      callsInFlight > 0 ||
      searching ||
      !held.some(isCompleteNow));
    const [only] = held;
    if (held.length !== 1 || only === undefined || callsInFlight > 0 || searching || relay.stopping) return;
    if (only.rejectedPart !== undefined) require('what GroupMe has rejected is parked at once', false, only);
    if (isBegun(only)) return;
    require('what is late is ended at once', !isLate(only), only);
    require('who is banned is blocked at once', !isBanned(only), only);
  }

  // ---- The schedule ----

  function happen(what: Incident): void {
    note(what);
    if (what === 'ban' || what === 'unban') banned = what === 'ban';
    if (what === 'bans-uncertain') certain = false;
    if (what === 'bans-certain') certain = true;
    if (what === 'ban' || what === 'unban') wake();
    if (what === 'bans-certain') for (const waiter of certainWaiters.splice(0)) waiter();
    if (what === 'channel-lost') loseChannel(REOPEN_MS);
    if (what === 'relay-killed') replaceRelay();
    if (what === 'relay-stopped') void stopRelay();
    if (what === 'stopped-and-lost') {
      void stopRelay();
      loseChannel(undefined);
    }
  }

  function replaceRelay(): void {
    if (!relay.alive) return;
    relay.alive = false;
    callsInFlight = 0;
    searching = false;
    for (const item of items) item.knownAsDoubted = false;
    loseChannel(undefined);
    at(nowMs + RESTART_MS, startRelay);
  }

  async function stopRelay(): Promise<void> {
    if (relay.stopping || !relay.alive) return;
    const stopped = relay;
    stopped.stopping = true;
    stopped.deliverer.stop();
    await Promise.race([Promise.all(stopped.offers), pause(5_000)]);
    if (!stopped.alive) return;
    require('what is complete is acknowledged before the end', !inHand().some(isCompleteNow));
    replaceRelay();
  }

  return {
    async run(): Promise<void> {
      for (const item of items) {
        at(item.message.atMs, () => {
          item.queued = true;
          hand();
        });
      }
      for (const { atMs, what } of schedule.incidents) at(atMs, () => happen(what));
      at(Math.max(0, ...schedule.incidents.map(({ atMs }) => atMs)) + 1, () => happen('bans-certain'));
      startRelay();
      let spins = 0;
      while (items.some(({ ending }) => ending === undefined)) {
        await turn();
        timers.sort((a, b) => a.atMs - b.atMs);
        if (timers[0]?.atMs !== nowMs) checkRest();
        if (failure) break;
        const next = timers.shift();
        spins = next?.atMs === nowMs ? spins + 1 : 0;
        require('nothing spins', spins < MAX_SPINS);
        if (!next || next.atMs > END_MS) {
          require('every message comes to an end', false);
          break;
        }
        nowMs = Math.max(nowMs, next.atMs);
        next.act();
      }
      relay.alive = false;
      if (failure) throw failure;
    },
  };
}

function toItem(message: ModelMessage, number: number): Item {
  const deadlineMs =
    message.patienceMs === undefined ? Number.POSITIVE_INFINITY : message.atMs + message.patienceMs;
  return {
    number,
    message,
    deadlineMs,
    planId: `plan-${number}`,
    planned: {
      wbor_message_id: String(number),
      source: message.source,
      parts: Array.from({ length: message.parts }, (_, index) => ({ text: `m${number} p${index + 1}` })),
      planned_at: 0,
      acknowledge: false,
      ...(message.sender ? { sender: SENDER } : {}),
      ...(Number.isFinite(deadlineMs) ? { deliver_by: deadlineMs } : {}),
    },
    shown: new Set(),
    recorded: new Set(),
    recordedIn: 0,
    queued: false,
    ending: undefined,
    heldBy: undefined,
    deliveries: 0,
    rejectedPart: undefined,
    open: undefined,
    doubted: false,
    knownAsDoubted: false,
    tried: false,
  };
}

function entryOf(item: Item | undefined): OutboxEntry {
  if (!item) throw new Error('no such message');
  return { lane: item.message.lane, planned: item.planned, planId: item.planId, inDoubt: false };
}

function failureOf(answer: Answer, facts: { status: number; durationMs: number }): GroupMeError {
  if (answer === 'unreachable') return new GroupMeUnreachableError(answer, facts);
  if (answer === 'rejects') return new GroupMeRejectedError(answer, { ...facts, status: 400 });
  return new GroupMeUnknownOutcomeError(answer, facts);
}
