import { tooManyAtOnce } from './errors.ts';

/** A part of the memory that all images of the process may use. Sources take turns; one source's requests keep their order. */
export interface MemoryShare {
  /**
   * Waits until the bytes are free.
   *
   * @throws RangeError for more than there ever is.
   * @throws ImageError `TOO_MANY` when they are not free before the signal aborts. What is free is given all the same.
   */
  take(bytes: number, request: MemoryRequest): Promise<MemoryHold>;
  readonly usedBytes: number;
  /** How many wait. */
  readonly waiting: number;
}

export interface MemoryRequest {
  readonly source: string;
  /** Aborts when waiting is no longer of use. */
  readonly signal: AbortSignal;
}

export interface MemoryHold {
  /** Gives back what is above this number of bytes. */
  shrink(bytes: number): void;
  /** Gives back the rest. Idempotent. */
  release(): void;
}

interface Waiter {
  readonly bytes: number;
  readonly grant: () => void;
}

/** @param next What is done with an image once it has the memory. */
export function createMemoryShare(capacity: number, next: 'fetched' | 'converted' = 'fetched'): MemoryShare {
  /** In the order in which the sources' turns come. No list is empty. */
  const waiters = new Map<string, Waiter[]>();
  let usedBytes = 0;

  function hold(bytes: number): MemoryHold {
    let held = bytes;
    usedBytes += held;
    const shrink = (toBytes: number) => {
      if (toBytes >= held) return;
      usedBytes -= held - toBytes;
      held = toBytes;
      grantWhatFits();
    };
    return { shrink, release: () => shrink(0) };
  }

  /** Nobody overtakes the first in turn, so that a large image is not kept out by small ones for ever. */
  function grantWhatFits(): void {
    for (;;) {
      const [first] = waiters;
      if (first === undefined) return;
      const [source, [waiter, ...others]] = first;
      if (waiter === undefined || usedBytes + waiter.bytes > capacity) return;
      waiters.delete(source);
      if (others.length > 0) waiters.set(source, others);
      waiter.grant();
    }
  }

  function giveUp(source: string, waiter: Waiter): void {
    const others = (waiters.get(source) ?? []).filter((other) => other !== waiter);
    // Setting a key that is there keeps its place in the order.
    if (others.length > 0) waiters.set(source, others);
    else waiters.delete(source);
    grantWhatFits();
  }

  return {
    async take(bytes, { signal, source }) {
      if (bytes > capacity) throw new RangeError(`${bytes} bytes never fit into ${capacity}`);
      if (waiters.size === 0 && usedBytes + bytes <= capacity) return hold(bytes);
      if (signal.aborted) throw tooManyAtOnce(next);
      const granted = Promise.withResolvers<MemoryHold>();
      const waiter = { bytes, grant: () => granted.resolve(hold(bytes)) };
      const onAbort = () => {
        giveUp(source, waiter);
        granted.reject(tooManyAtOnce(next));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiters.set(source, [...(waiters.get(source) ?? []), waiter]);
      try {
        return await granted.promise;
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    },
    get usedBytes() {
      return usedBytes;
    },
    get waiting() {
      return [...waiters.values()].reduce((sum, { length }) => sum + length, 0);
    },
  };
}
