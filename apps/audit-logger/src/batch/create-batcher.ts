import type { Delivery } from '@wbor/amqp';
import { type BackOff, endsWithin, sleep } from '@wbor/async';
import { type BatchLimits, createPendingItems } from './pending-items.ts';

/** What the batcher needs of a delivery. */
type Acknowledgeable = Pick<Delivery, 'ack' | 'signal'>;

export interface BatcherOptions<Item> extends BatchLimits<Item> {
  /** Stores a batch or throws. Called for one batch at a time. */
  readonly write: (items: readonly Item[]) => Promise<void>;
  readonly backOffMs: BackOff;
  /** Called after each failed write. The batch is kept and written again after the back-off. */
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
  const pending = createPendingItems<Entry<Item>>({ ...options, sizeOf: ({ item }) => options.sizeOf(item) });
  let inHand: readonly Entry<Item>[] = [];
  let running: Promise<void> | undefined;
  let abandoned = new AbortController();
  let draining = false;

  function start(): void {
    running ??= run().finally(() => {
      running = undefined;
      if (!pending.isEmpty) start();
    });
  }

  async function run(): Promise<void> {
    while (!pending.isEmpty) {
      if (!draining && !abandoned.signal.aborted) await pending.untilDue();
      inHand = keepLive(pending.takeBatch());
      await writeUntilStored(abandoned.signal);
      inHand = [];
    }
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
        await sleep(options.backOffMs(failures), signal);
      }
    }
    // Also after an abandon that came during the write: it is stored, and a closed channel takes no harm.
    for (const entry of inHand) entry.delivery.ack();
    releaseAll(inHand);
  }

  async function abandon(): Promise<void> {
    abandoned.abort();
    releaseAll(inHand);
    releaseAll(pending.takeAll());
    pending.hurry();
    await running;
    abandoned = new AbortController();
  }

  async function untilIdle(): Promise<void> {
    while (running) await running;
  }

  return {
    add: (item, delivery) =>
      new Promise((release) => {
        pending.add({ item, delivery, arrivedAtMs: Date.now(), release });
        start();
      }),
    async drain(timeoutMs) {
      draining = true;
      pending.hurry();
      if (!(await endsWithin(untilIdle(), timeoutMs))) void abandon();
      draining = false;
    },
    abandon,
    get oldestAtMs() {
      return (inHand[0] ?? pending.oldest)?.arrivedAtMs;
    },
  };
}

/** Lets go of entries whose channel is gone: the broker hands those out again, perhaps to ourselves. */
function keepLive<Item>(entries: readonly Entry<Item>[]): readonly Entry<Item>[] {
  return entries.filter((entry) => {
    if (entry.delivery.signal.aborted) entry.release();
    return !entry.delivery.signal.aborted;
  });
}

function releaseAll(entries: readonly Entry<unknown>[]): void {
  for (const entry of entries) entry.release();
}
