/** The messages that a consumer's handlers work on, bounded by their bytes. */
export interface InHand {
  /** The most messages that the next channel should be handed at once. */
  readonly maxMessages: number;
  /** When false, the message and all that follow on its channel are to be left alone: they come again. */
  hasRoomFor(bytes: number): boolean;
  add(bytes: number, work: Promise<void>): void;
  /** A new channel delivers from now on. */
  reset(): void;
  settled(): Promise<unknown>;
}

/** After this long a consumer that was handed too much is handed all of its prefetch again. */
const SHRUNK_FOR_MS = 60_000;

/**
 * A broker hands out messages by number, not by size. What does not fit is left to go back with the channel, which is
 * renewed as soon as nothing is in hand.
 *
 * Where the order counts, the next channel must be handed as many at once as this one: a quorum queue keeps what came
 * back in a line of its own, puts behind it what comes back later, and so of a smaller number the rest would be
 * overtaken. Where it does not count, handing out no more than what had fitted spares the broker from sending the rest
 * again and again.
 */
export function createInHand(options: {
  readonly maxBytes: number | undefined;
  readonly keepsOrder: boolean;
  /** Replaces the channel. */
  readonly renew: () => Promise<void>;
}): InHand {
  const { keepsOrder, maxBytes = Number.POSITIVE_INFINITY } = options;
  const running = new Set<Promise<void>>();
  let bytesInHand = 0;
  let isFull = false;
  let maxMessages = Number.POSITIVE_INFINITY;
  let shrunkAt = Number.POSITIVE_INFINITY;

  function whenEmpty(): void {
    const mayGrow = performance.now() - shrunkAt >= SHRUNK_FOR_MS;
    if (mayGrow) maxMessages = shrunkAt = Number.POSITIVE_INFINITY;
    if (isFull || mayGrow) void options.renew();
  }

  return {
    get maxMessages() {
      return maxMessages;
    },
    hasRoomFor(bytes) {
      // A single message always fits, or it would never be worked on.
      if (isFull || running.size === 0 || bytesInHand + bytes <= maxBytes) return !isFull;
      isFull = true;
      if (!keepsOrder) {
        maxMessages = running.size;
        shrunkAt = performance.now();
      }
      return false;
    },
    add(bytes, work) {
      bytesInHand += bytes;
      const tracked = work.finally(() => {
        bytesInHand -= bytes;
        running.delete(tracked);
        if (running.size === 0) whenEmpty();
      });
      running.add(tracked);
    },
    reset() {
      isFull = false;
    },
    settled: () => Promise.allSettled(running),
  };
}
