import { untilAborted } from '@wbor/async';

/**
 * Whether the newest ban list is known. It begins as uncertain:
 *
 * - `uncertain`: a change of the list may have been missed. It ends when a list comes, or when it has been waited for long
 *   enough: then what is known has to do.
 * - `certain`: no list was missed that we know of.
 */
export interface Certainty {
  readonly certain: boolean;
  /** Resolves once it is certain or `signal` is aborted; at once if so already. */
  untilCertain(signal: AbortSignal): Promise<void>;
  /**
   * Begins an uncertainty of `timeoutMs` at most, and ends an earlier one.
   *
   * @returns a signal that is aborted when this uncertainty ends.
   */
  lose(timeoutMs: number): AbortSignal;
  /** Ends the uncertainty, if there is one. */
  regain(): void;
}

export function createCertainty({ timeoutMs }: { timeoutMs: number }): Certainty {
  let uncertainty = startUncertainty(timeoutMs);
  return {
    get certain() {
      return uncertainty.over.aborted;
    },
    async untilCertain(signal) {
      // A new uncertainty may begin while the earlier one is waited for.
      while (!uncertainty.over.aborted && !signal.aborted) {
        await untilAborted(AbortSignal.any([uncertainty.over, signal]));
      }
    },
    lose(nextTimeoutMs) {
      const earlier = uncertainty;
      uncertainty = startUncertainty(nextTimeoutMs);
      earlier.end();
      return uncertainty.over;
    },
    regain: () => uncertainty.end(),
  };
}

function startUncertainty(timeoutMs: number): { over: AbortSignal; end: () => void } {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), timeoutMs);
  timer.unref();
  const end = () => {
    clearTimeout(timer);
    over.abort();
  };
  return { over: over.signal, end };
}
