/** The messages that a consumer's handlers work on, bounded by their bytes. */
export interface InHand {
  /** When false, the message and all that follow on its channel are to be left alone: they come again. */
  hasRoomFor(bytes: number): boolean;
  add(bytes: number, work: Promise<void>): void;
  /** A new channel delivers from now on. */
  reset(): void;
  settled(): Promise<unknown>;
}

/**
 * A broker hands out messages by number, not by size. What does not fit is left to go back with the channel, which is
 * renewed as soon as nothing is in hand.
 *
 * The next channel must be handed as many at once as this one. A quorum queue keeps what came back in a line of its
 * own, and puts behind it what comes back later: of a smaller number the rest would be overtaken.
 */
export function createInHand(options: {
  readonly maxBytes: number | undefined;
  /** Replaces the channel. */
  readonly renew: () => Promise<void>;
}): InHand {
  const { maxBytes = Number.POSITIVE_INFINITY } = options;
  const running = new Set<Promise<void>>();
  let bytesInHand = 0;
  let isFull = false;

  return {
    hasRoomFor(bytes) {
      // A single message always fits, or it would never be worked on.
      if (running.size > 0 && bytesInHand + bytes > maxBytes) isFull = true;
      return !isFull;
    },
    add(bytes, work) {
      bytesInHand += bytes;
      const tracked = work.finally(() => {
        bytesInHand -= bytes;
        running.delete(tracked);
        if (isFull && running.size === 0) void options.renew();
      });
      running.add(tracked);
    },
    reset() {
      isFull = false;
    },
    settled: () => Promise.allSettled(running),
  };
}
