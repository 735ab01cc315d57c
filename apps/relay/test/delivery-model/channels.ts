import type { Delivery } from '@wbor/amqp';
import type { Books } from './books.ts';
import { type Item, isComplete } from './item.ts';
import type { RelayProcess } from './relay-process.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Channel {
  readonly id: number;
  readonly consumer: Consumer;
  readonly lost: AbortController;
  /** Gone at the broker, and not yet so for the relay. */
  cut: boolean;
}

/** A relay as the broker sees it. */
export interface Consumer {
  readonly process: RelayProcess;
  onDelivery(delivery: Delivery): void;
}

/** One channel after the other: what was delivered on one is held until it ends. */
export interface Channels {
  readonly current: Channel | undefined;
  /** Opens a channel for the consumer, unless that is about to end. */
  open(consumer: Consumer): void;
  /** Ends the channel. With a time, its consumer gets another one after it. */
  lose(reopenMs: number | undefined): void;
  /** Ends the channel, which the relay finds out when it asks, or a while later. */
  cut(): void;
  /** Whether the relay may think that it holds the message. */
  isInHand(item: Item): boolean;
  /** Whether nobody else can be given the message. */
  isHeld(item: Item): boolean;
  readonly inHand: readonly Item[];
  /** Whether the oldest message in hand was held as long as it may be. */
  readonly holdExpired: boolean;
  /** Whether it was held for longer than that, with what is allowed for reading the journal. */
  readonly holdOverrun: boolean;
}

/** Short, so that holds end in the middle of everything. */
export const HOLD_MS = 4_000;
export const REOPEN_MS = 20;
const NOTICE_MS = 1_500;

/**
 * @param options.onOpen called with each new channel; deliveries begin with it.
 * @param options.allowanceMs how much longer messages may be held, for the time in which a relay reads the journal and asks
 *   whether it holds a message.
 */
export function createChannels(
  books: Books,
  time: VirtualTime,
  options: { onOpen: () => void; allowanceMs: number },
): Channels {
  let current: Channel | undefined;
  let opened = 0;

  const isInHand = (item: Item): boolean => current !== undefined && item.heldBy?.channelId === current.id;
  const inHand = (): Item[] => books.items.filter(isInHand);

  function heldForMs(items: readonly Item[]): number {
    const heldSinceMs = items.map(({ heldBy }) => heldBy?.sinceMs ?? time.nowMs);
    return time.nowMs - Math.min(time.nowMs, ...heldSinceMs);
  }

  function open(consumer: Consumer): void {
    if (!consumer.process.alive || consumer.process.stopping) return;
    opened += 1;
    current = { id: opened, consumer, lost: new AbortController(), cut: false };
    books.note(`channel ${opened}`);
    options.onOpen();
  }

  function lose(reopenMs: number | undefined): void {
    const lost = current;
    if (!lost) return;
    books.note(`channel ${lost.id} lost`);
    current = undefined;
    for (const item of books.items) Object.assign(item, { heldBy: undefined, awaited: false });
    if (reopenMs !== undefined) time.at(time.nowMs + reopenMs, () => open(lost.consumer));
    lost.lost.abort();
  }

  return {
    get current() {
      return current;
    },
    open,
    lose,
    cut() {
      const cut = current;
      if (!cut || cut.cut) return;
      cut.cut = true;
      time.at(time.nowMs + NOTICE_MS, () => {
        if (cut === current) lose(REOPEN_MS);
      });
    },
    isInHand,
    isHeld: (item) => isInHand(item) && current?.cut === false,
    get inHand() {
      return inHand();
    },
    get holdExpired() {
      return heldForMs(inHand()) >= HOLD_MS;
    },
    get holdOverrun() {
      // What is through is about to be acknowledged, while the next one has its turn.
      const waiting = inHand().filter((item) => !isComplete(item));
      return heldForMs(waiting) >= HOLD_MS + options.allowanceMs;
    },
  };
}
