import { errorMessage } from '@wbor/async';

/** Tells a handler that does nothing but fail from one that fails now and then. */
export interface FailureWatch {
  /** Why nothing gets through, once that is so. */
  readonly reason: string | undefined;
  succeeded(): void;
  failed(error: unknown): void;
}

/** One bad message must not take a service out of the rotation, and it is parked when it comes again too often. */
const FAILING_AFTER = 5;

export function createFailureWatch(): FailureWatch {
  let failures = 0;
  let last = '';
  return {
    get reason() {
      return failures < FAILING_AFTER
        ? undefined
        : `the last ${failures} messages could not be worked on: ${last}`;
    },
    succeeded() {
      failures = 0;
    },
    failed(error) {
      failures += 1;
      last = errorMessage(error);
    },
  };
}
