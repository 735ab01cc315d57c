import type { Delivery } from '@wbor/amqp';
import { pauseFor } from '@wbor/service';

/** What the batcher needs of a delivery. */
type Acknowledgeable = Pick<Delivery, 'ack' | 'signal'>;

export interface BatcherOptions<Item> {
  readonly maxItems: number;
  /** A batch ends before the item that takes it beyond this; a larger one makes a batch of its own. */
  readonly maxBytes: number;
  readonly sizeOf: (item: Item) => number;
  /** The longest that an item waits for others to fill its batch. */
  readonly maxDelayMs: number;
  /** Stores a batch or throws. Called for one batch at a time. */
  readonly write: (items: readonly Item[]) => Promise<void>;
  /** How long to wait after the given number of failures in a row, counted from 0. */
  readonly backOffMs: (failures: number) => number;
  /** After each failed write. The batch is kept and written again after the back-off. */
  readonly onWriteFailed: (error: unknown) => void;
}

export interface Batcher<Item> {
  /** Resolves once the item is stored and acknowledged, or given up for the broker to deliver again. */
  add(item: Item, delivery: Acknowledgeable): Promise<void>;
  /** Writes what is in hand without waiting for more; gives up what is not stored by then. */
  drain(timeoutMs: number): Promise<void>;
  /** Gives up everything in hand, unacknowledged. Resolves when no write is running any more. */
  abandon(): Promise<void>;
  /** When the oldest item in hand arrived. */
  readonly oldestAtMs: number | undefined;
}

interface Entry<Item> {
  readonly item: Item;
  readonly delivery: Acknowledgeable;
  readonly arrivedAtMs: number;
  readonly release: () => void;
}

/**
 * Collects deliveries into batches and acknowledges each one after its batch is stored, never before. At
 * most one write runs at a time, so the next batch grows while the last one is written.
 */
export function createBatcher<Item>(options: BatcherOptions<Item>): Batcher<Item> {
  let pending: Entry<Item>[] = [];
  let inHand: readonly Entry<Item>[] = [];
  let running: Promise<void> | undefined;
  let abandoned = new AbortController();
  let draining = false;
  /** Ends the wait for a fuller batch. */
  let hurry: (() => void) | undefined;

  function start(): void {
    running ??= run().finally(() => {
      running = undefined;
      if (pending.length > 0) start();
    });
  }

  async function run(): Promise<void> {
    while (pending.length > 0) {
      await fill();
      inHand = takeLive();
      await writeUntilStored(abandoned.signal);
      inHand = [];
    }
  }

  /** Waits until a batch is full or its first item has waited long enough. */
  async function fill(): Promise<void> {
    const [oldest] = pending;
    if (!oldest || draining || abandoned.signal.aborted || countNext().full) return;
    const waitMs = oldest.arrivedAtMs + options.maxDelayMs - Date.now();
    if (waitMs <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    hurry = undefined;
  }

  /** How many of the waiting items make the next batch, and whether no other fits in. */
  function countNext(): { count: number; full: boolean } {
    let bytes = 0;
    for (const [index, { item }] of pending.entries()) {
      bytes += options.sizeOf(item);
      if (bytes > options.maxBytes) return { count: Math.max(index, 1), full: true };
      if (index + 1 === options.maxItems) return { count: options.maxItems, full: true };
    }
    return { count: pending.length, full: false };
  }

  function takeLive(): readonly Entry<Item>[] {
    const { count } = countNext();
    const taken = pending.slice(0, count);
    pending = pending.slice(count);
    return keepLive(taken);
  }

  async function writeUntilStored(signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; failures += 1) {
      inHand = keepLive(inHand);
      if (inHand.length === 0) return;
      // Whatever arrives while we give up is given up too; its channel is about to be closed.
      if (signal.aborted) return releaseAll(inHand);
      try {
        await options.write(inHand.map((entry) => entry.item));
        break;
      } catch (error) {
        options.onWriteFailed(error);
        await pauseFor(options.backOffMs(failures), signal);
      }
    }
    // Also after an abandon that came during the write: it is stored, and a closed channel takes no harm.
    for (const entry of inHand) entry.delivery.ack();
    releaseAll(inHand);
  }

  /** Lets go of entries whose channel is gone: the broker hands those out again, perhaps to ourselves. */
  function keepLive(entries: readonly Entry<Item>[]): readonly Entry<Item>[] {
    return entries.filter((entry) => {
      if (entry.delivery.signal.aborted) entry.release();
      return !entry.delivery.signal.aborted;
    });
  }

  function releaseAll(entries: readonly Entry<Item>[]): void {
    for (const entry of entries) entry.release();
  }

  async function abandon(): Promise<void> {
    abandoned.abort();
    releaseAll(inHand);
    releaseAll(pending);
    pending = [];
    hurry?.();
    await running;
    abandoned = new AbortController();
  }

  return {
    add(item, delivery) {
      return new Promise((resolve) => {
        pending.push({ item, delivery, arrivedAtMs: Date.now(), release: resolve });
        if (hurry && countNext().full) hurry();
        start();
      });
    },
    async drain(timeoutMs) {
      draining = true;
      hurry?.();
      const timer = new AbortController();
      const done = (async () => {
        while (running) await running;
      })();
      await Promise.race([done, pauseFor(timeoutMs, timer.signal)]);
      timer.abort();
      if (running) void abandon();
      draining = false;
    },
    abandon,
    get oldestAtMs() {
      return (inHand[0] ?? pending[0])?.arrivedAtMs;
    },
  };
}
