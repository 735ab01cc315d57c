/**
 * Waits, and never rejects: an aborted signal ends the wait early, which the result tells.
 *
 * Node's own `timers/promises` rejects then, so that each caller would have to tell an abort from a fault.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<'elapsed' | 'aborted'> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve('aborted');
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve('aborted');
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve('elapsed');
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Resolves once the signal is aborted. The signal holds its listener until then, so give it one that lives about
 * as long as the wait, such as an `AbortSignal.any([…])` made for it.
 */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/**
 * Waits for work that cannot be cut short, at most `timeoutMs`, and says whether it has ended by then. Work that
 * has not ended goes on, and what it throws later is ignored.
 *
 * @throws what the work throws in time.
 */
export async function endsWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
