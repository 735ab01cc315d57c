/** Work that is done again and again, one run at a time. */
export interface Repeated {
  /** Does it now; a run that is under way is followed by another. */
  now(): void;
  /** No more runs; resolves when the last one has ended. */
  stop(): Promise<void>;
}

/** Runs `work` every `everyMs` and whenever it is asked to. `work` must not throw. */
export function repeat(everyMs: number, work: () => Promise<void>): Repeated {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;

  function now(): void {
    if (stopped) return;
    if (running) {
      again = true;
      return;
    }
    running = work().finally(() => {
      running = undefined;
      if (!again) return;
      again = false;
      now();
    });
  }

  const timer = setInterval(now, everyMs);
  return {
    now,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
