import type { Delivery } from '@wbor/amqp';
import { type BackOff, endsWithin, sleep } from '@wbor/async';
import { currentLink, inBatchSpan, SpanKind, type SpanStart } from '@wbor/tracing';
import { type BatchLimits, createPendingItems } from './pending-items.ts';

/** What the batcher needs of a delivery. */
type Acknowledgeable = Pick<Delivery, 'ack' | 'signal'>;

/** What a write tells while it is under way. What it has told is not written again, even if it fails later. */
export interface WriteProgress<Item> {
  /** Those are stored. */
  stored(items: readonly Item[]): void;
  /** This one can never be stored. Resolves once it is out of the way. */
  setAside(item: Item, reason: string): Promise<void>;
}

export interface BatcherOptions<Item, Source extends Acknowledgeable> extends BatchLimits<Item> {
  /** Stores a batch or throws. Called for one batch at a time. What it has not told of by its end is stored. */
  readonly write: (items: readonly Item[], progress: WriteProgress<Item>) => Promise<void>;
  /** Takes a delivery out of the queue that cannot be stored; acknowledges it. */
  readonly setAside: (item: Item, delivery: Source, reason: string, signal: AbortSignal) => Promise<void>;
  readonly backOffMs: BackOff;
  /** Called after each failed write. The batch is kept and written again after the back-off. */
  readonly onWriteFailed: (error: unknown) => void;
}

export interface Batcher<Item, Source extends Acknowledgeable = Delivery> {
  /** Resolves once the item is stored and acknowledged, or given up for the broker to deliver again. */
  add(item: Item, delivery: Source): Promise<void>;
  /** Writes what is in hand without waiting for more; gives up what is not stored by then. */
  drain(timeoutMs: number): Promise<void>;
  /** Gives up everything in hand, unacknowledged. Resolves when no write is running any more. */
  abandon(): Promise<void>;
  /** When the oldest item in hand arrived. */
  readonly oldestAtMs: number | undefined;
}

interface Entry<Item, Source> {
  readonly item: Item;
  readonly delivery: Source;
  readonly arrivedAtMs: number;
  readonly release: () => void;
  /** The span in which it was added. */
  readonly link: ReturnType<typeof currentLink>;
}

/**
 * Collects deliveries into batches and acknowledges each one after its batch is stored, never before. At
 * most one write runs at a time, so the next batch grows while the last one is written.
 */
export function createBatcher<Item, Source extends Acknowledgeable>(
  options: BatcherOptions<Item, Source>,
): Batcher<Item, Source> {
  const pending = createPendingItems<Entry<Item, Source>>({
    ...options,
    sizeOf: ({ item }) => options.sizeOf(item),
  });
  let inHand: readonly Entry<Item, Source>[] = [];
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
        const items = inHand.map((entry) => entry.item);
        await inBatchSpan(
          'store batch',
          inHand.map(({ link }) => link),
          () => batchSpan(items.length),
          () => options.write(items, progressOf(signal)),
        );
        // Also after an abandon that came during the write: it is stored, and a closed channel takes no harm.
        stored(items);
        return;
      } catch (error) {
        options.onWriteFailed(error);
        await sleep(options.backOffMs(failures), signal);
      }
    }
  }

  function stored(items: readonly Item[]): void {
    const done = takeFromHand(new Set(items));
    for (const entry of done) entry.delivery.ack();
    releaseAll(done);
  }

  function progressOf(signal: AbortSignal): WriteProgress<Item> {
    return {
      stored,
      async setAside(item, reason) {
        const entry = inHand.find((candidate) => candidate.item === item);
        if (!entry) return;
        const givenUp = AbortSignal.any([entry.delivery.signal, signal]);
        await options.setAside(item, entry.delivery, reason, givenUp);
        releaseAll(takeFromHand(new Set([item])));
      },
    };
  }

  function takeFromHand(items: ReadonlySet<Item>): readonly Entry<Item, Source>[] {
    const taken = inHand.filter((entry) => items.has(entry.item));
    inHand = inHand.filter((entry) => !items.has(entry.item));
    return taken;
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
        pending.add({ item, delivery, arrivedAtMs: Date.now(), release, link: currentLink() });
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

function batchSpan(size: number): SpanStart {
  return {
    kind: SpanKind.CLIENT,
    attributes: {
      'db.system.name': 'postgresql',
      'db.operation.name': 'INSERT',
      'db.operation.batch.size': size,
    },
  };
}

/** Lets go of entries whose channel is gone: the broker hands those out again, perhaps to ourselves. */
function keepLive<Item, Source extends Acknowledgeable>(
  entries: readonly Entry<Item, Source>[],
): readonly Entry<Item, Source>[] {
  return entries.filter((entry) => {
    if (entry.delivery.signal.aborted) entry.release();
    return !entry.delivery.signal.aborted;
  });
}

function releaseAll(entries: readonly Entry<unknown, unknown>[]): void {
  for (const entry of entries) entry.release();
}
