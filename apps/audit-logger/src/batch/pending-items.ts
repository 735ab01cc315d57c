import { sleep } from '@wbor/async';

export interface BatchLimits<Item> {
  readonly maxItems: number;
  /** A batch ends before the item that takes it beyond this; a larger one makes a batch of its own. */
  readonly maxBytes: number;
  readonly sizeOf: (item: Item) => number;
  /** The longest that an item waits for others to fill its batch. */
  readonly maxDelayMs: number;
}

/** Items that wait for their batch, oldest first. */
export interface PendingItems<Item> {
  readonly isEmpty: boolean;
  readonly oldest: Item | undefined;
  add(item: Item): void;
  /** Resolves when the next batch should be written: it is full, its oldest item has waited long enough, or `hurry()` was called. */
  untilDue(): Promise<void>;
  /** Ends the wait of `untilDue()`, if there is one. */
  hurry(): void;
  takeBatch(): readonly Item[];
  takeAll(): readonly Item[];
}

export function createPendingItems<Item extends { readonly arrivedAtMs: number }>(
  limits: BatchLimits<Item>,
): PendingItems<Item> {
  let items: Item[] = [];
  let waiting: AbortController | undefined;

  /** How many items make the next batch, and whether no other fits in. */
  function measureBatch(): { count: number; full: boolean } {
    let bytes = 0;
    for (const [index, item] of items.entries()) {
      bytes += limits.sizeOf(item);
      if (bytes > limits.maxBytes) return { count: Math.max(index, 1), full: true };
      if (index + 1 === limits.maxItems) return { count: limits.maxItems, full: true };
    }
    return { count: items.length, full: false };
  }

  return {
    get isEmpty() {
      return items.length === 0;
    },
    get oldest() {
      return items[0];
    },
    add(item) {
      items.push(item);
      if (waiting && measureBatch().full) waiting.abort();
    },
    async untilDue() {
      const [oldest] = items;
      if (!oldest || measureBatch().full) return;
      const waitMs = oldest.arrivedAtMs + limits.maxDelayMs - Date.now();
      if (waitMs <= 0) return;
      waiting = new AbortController();
      await sleep(waitMs, waiting.signal);
      waiting = undefined;
    },
    hurry: () => waiting?.abort(),
    takeBatch: () => items.splice(0, measureBatch().count),
    takeAll() {
      const all = items;
      items = [];
      return all;
    },
  };
}
