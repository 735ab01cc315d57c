/** The broker gives a connection up, and its messages to others, after eight seconds without a sign of life at the earliest. */
const FRESH_MS = 4_000;

/** @param askedAt by `performance.now()`. */
export function isFresh(askedAt: number, nowMs: number = performance.now()): boolean {
  return nowMs - askedAt <= FRESH_MS;
}

/**
 * Asks until the answer comes soon enough to be true still. A process that is frozen while its question is under way finds the
 * answer waiting when it goes on, however long that was.
 */
export async function freshAnswer(
  ask: () => Promise<unknown>,
  nowMs: () => number = () => performance.now(),
): Promise<void> {
  for (;;) {
    const askedAt = nowMs();
    await ask();
    if (isFresh(askedAt, nowMs())) return;
  }
}
