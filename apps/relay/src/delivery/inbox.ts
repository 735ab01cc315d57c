import { AsyncLocalStorage } from 'node:async_hooks';
import type { Delivery } from '@wbor/amqp';
import type { OutboxEntry } from '../outbox.ts';
import type { Clock } from './clock.ts';

/** A planned message that the broker has handed to us and that is not acknowledged yet. */
export interface HeldMessage extends OutboxEntry {
  readonly delivery: Delivery;
  readonly heldSinceMs: number;
  /** How many of its parts are in the chat; undefined until its first turn, when the ledger is asked. */
  done: number | undefined;
  /** Whether anything of it may be in the chat: then no other message comes before it is through. */
  begun: boolean;
  /** Whether a call was made for it since it was handed to us. */
  tried: boolean;
  /** How many of its steps failed for a fault of ours. */
  faults: number;
  /** Whether its producer was told that it is about to be posted, since it was handed to us. */
  told: boolean;
  /** Runs what is done for it as part of its delivery's trace, whoever's turn brings that about. */
  readonly within: <Result>(work: () => Result) => Result;
  /** No call for it before this time of the clock: its producer could not be told. */
  notBeforeMs: number;
}

/**
 * The messages in hand, and whose turn it is:
 *
 * 0. a message whose channel is gone, which can only be let go;
 * 1. the message that is begun, so that parts never interleave;
 * 2. the expected one: begun or urgent before it was given back, and about to be delivered again. Nothing else comes
 *    before it, for some seconds: a person may have removed it;
 * 3. the oldest urgent one;
 * 4. the oldest of the source whose turn it is: sources take turns, a message each;
 * 5. the oldest of low priority, our own words: only when there is nothing else.
 *
 * It holds as many messages as the broker hands out at once, which is how far it sees: a source whose first message
 * is behind more than that of another waits until it is handed out.
 */
export interface Inbox {
  /** Takes a message in hand. Resolves once it is released. */
  offer(entry: OutboxEntry, delivery: Delivery): Promise<void>;
  /** Whose turn it is; undefined when nobody's. */
  next(): HeldMessage | undefined;
  /**
   * Lets a message go that is settled, or left to the broker.
   *
   * @param options.tookTurn whether it was its source's turn.
   * @param options.settled resolves when it is settled, if that is not so yet: its offer resolves with that.
   */
  release(message: HeldMessage, options?: { tookTurn?: boolean; settled?: Promise<void> }): void;
  /** Lets the other sources have a turn first; the message stays the next of its own. */
  passTurn(message: HeldMessage): void;
  /**
   * From now on nothing comes before this plan's message, until its turn has come or some seconds have passed: from now on, and
   * from when the first message of its queue comes.
   */
  expect(planId: string): void;
  /** The channel of the newest message, which brings all others too; undefined before the first. */
  readonly channel: { readonly id: number; readonly lost: AbortSignal } | undefined;
  /** Whether a message is in hand still. */
  holds(message: HeldMessage): boolean;
  /** How many messages are in hand. */
  readonly size: number;
  /** Since when the oldest message in hand is held; undefined when there is none. */
  readonly oldestHeldSinceMs: number | undefined;
  /** When the oldest message in hand was planned, in epoch milliseconds; undefined when there is none. */
  readonly oldestPlannedAtMs: number | undefined;
  /** So long a time of this channel's does not count: there must be time for a post after the journal was read. */
  extendHold(ms: number): void;
  /** Resolves as soon as something has changed, or at a time. */
  changed(untilMs: number): Promise<void>;
  /** Something outside has changed that a turn may wait for. */
  wake(): void;
  /** Releases all messages, and each that is offered from now on. */
  close(): void;
}

/** The broker delivers the expected message in the same moment as the first other one of its queue. */
const EXPECTED_WITHIN_MS = 5_000;
/** A cluster takes that long at most to find a leader for a queue; meanwhile there is only the other one. */
const QUEUE_AWAY_MS = 10 * 60_000;

export function createInbox(clock: Clock): Inbox {
  /** In the order in which they came, with what ends their offers. */
  const held = new Map<HeldMessage, PromiseWithResolvers<void>>();
  const lanes = createLanes();
  /** Those whose channel is gone. */
  const gone: HeldMessage[] = [];
  /** Whether each queue has brought something by this channel. */
  const seen = { urgent: false, normal: false };
  let channel: { readonly id: number; readonly lost: AbortSignal } | undefined;
  let current: HeldMessage | undefined;
  const expected = createExpectation(clock);
  const { wake, woken } = createAlarm(clock);
  let extensionMs = 0;
  let closed = false;

  function release(
    message: HeldMessage,
    options: { tookTurn?: boolean; settled?: Promise<void> } = {},
  ): void {
    const offer = held.get(message);
    if (!offer) return;
    held.delete(message);
    lanes.remove(message, options.tookTurn ?? false);
    offer.resolve(options.settled);
    wake();
  }

  /** One listener for each channel, however many messages it brings. */
  function watch({ channelId, signal: lost }: Delivery): void {
    if (channel?.id === channelId) return;
    channel = { id: channelId, lost };
    Object.assign(seen, { urgent: false, normal: false });
    lost.addEventListener('abort', () => {
      gone.push(...[...held.keys()].filter(({ delivery }) => delivery.signal === lost));
      wake();
    });
  }

  return {
    offer(entry, delivery) {
      if (closed || delivery.signal.aborted) return Promise.resolve();
      watch(delivery);
      const queue = entry.lane === 'urgent' ? 'urgent' : 'normal';
      if (!seen[queue]) expected.queueCame();
      seen[queue] = true;
      const state = {
        heldSinceMs: clock.now(),
        done: undefined,
        begun: false,
        tried: false,
        faults: 0,
        told: false,
        within: AsyncLocalStorage.snapshot(),
        notBeforeMs: 0,
      };
      const message: HeldMessage = { ...entry, ...state, delivery };
      const offer = Promise.withResolvers<void>();
      held.set(message, offer);
      lanes.add(message);
      wake();
      return offer.promise;
    },
    next() {
      const lost = gone.shift();
      if (lost) return lost;
      if (current?.begun && held.has(current)) return current;
      current = undefined;
      if (expected.planId !== undefined) {
        current = [...held.keys()].find((message) => message.planId === expected.planId);
        if (!current) return undefined;
        expected.clear();
      }
      current ??= lanes.first();
      return current;
    },
    holds: (message) => held.has(message),
    passTurn: lanes.passTurn,
    release,
    expect: expected.set,
    get channel() {
      return channel;
    },
    get size() {
      return held.size;
    },
    get oldestHeldSinceMs() {
      const oldest = held.keys().next().value;
      return oldest && oldest.heldSinceMs + extensionMs;
    },
    get oldestPlannedAtMs() {
      const times = [...held.keys()].map(({ planned }) => planned.planned_at);
      return times.length > 0 ? Math.min(...times) : undefined;
    },
    extendHold(ms) {
      extensionMs = ms;
    },
    // Once the expected message does not come, the others may.
    changed: (untilMs) => woken(Math.min(untilMs, expected.untilMs ?? untilMs)),
    wake,
    close() {
      closed = true;
      for (const message of [...held.keys()]) release(message);
      wake();
    },
  };
}

/** Lets one wait until it is woken, or until a time. */
function createAlarm(clock: Clock) {
  let change = Promise.withResolvers<void>();

  function wake(): void {
    change.resolve();
    change = Promise.withResolvers();
  }

  return {
    wake,
    async woken(untilMs: number): Promise<void> {
      const cancel = Number.isFinite(untilMs) ? clock.alarm(untilMs, wake) : undefined;
      await change.promise;
      cancel?.();
    },
  };
}

/** The plan that nothing may come before, for some seconds. */
function createExpectation(clock: Clock) {
  let slot: { readonly planId: string; readonly sinceMs: number; readonly untilMs: number } | undefined;
  const current = () => (slot !== undefined && clock.now() < slot.untilMs ? slot : undefined);
  return {
    get planId() {
      return current()?.planId;
    },
    get untilMs() {
      return current()?.untilMs;
    },
    set(planId: string): void {
      slot = { planId, sinceMs: clock.now(), untilMs: clock.now() + EXPECTED_WITHIN_MS };
    },
    /** It may have been its queue that has brought nothing until now. */
    queueCame(): void {
      if (slot === undefined || clock.now() - slot.sinceMs > QUEUE_AWAY_MS) return;
      slot = { ...slot, untilMs: clock.now() + EXPECTED_WITHIN_MS };
    },
    clear(): void {
      slot = undefined;
    },
  };
}

/** Messages that wait for their turn. */
function createLanes() {
  const urgent: HeldMessage[] = [];
  /** Each source's messages; the sources in the order of their turns. */
  const sources = new Map<string, HeldMessage[]>();
  const low: HeldMessage[] = [];

  function queueOf({ lane, planned }: HeldMessage): HeldMessage[] {
    if (lane === 'urgent') return urgent;
    return lane === 'low' ? low : (sources.get(planned.source) ?? []);
  }

  return {
    add(message: HeldMessage): void {
      const queue = queueOf(message);
      queue.push(message);
      if (message.lane === 'normal') sources.set(message.planned.source, queue);
    },
    first: (): HeldMessage | undefined => urgent[0] ?? sources.values().next().value?.[0] ?? low[0],
    passTurn({ lane, planned: { source } }: HeldMessage): void {
      const queue = lane === 'normal' ? sources.get(source) : undefined;
      if (queue === undefined) return;
      sources.delete(source);
      sources.set(source, queue);
    },
    remove(message: HeldMessage, tookTurn: boolean): void {
      const queue = queueOf(message);
      const index = queue.indexOf(message);
      if (index >= 0) queue.splice(index, 1);
      if (message.lane !== 'normal') return;
      const { source } = message.planned;
      if (queue.length === 0 || tookTurn) sources.delete(source);
      // At the end of the line: the others come first.
      if (queue.length > 0) sources.set(source, queue);
    },
  };
}
