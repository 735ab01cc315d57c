import { setTimeout as delay } from 'node:timers/promises';

/** False when the wait was cut short. */
export async function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  if (ms <= 0) return true;
  return delay(ms, true, { signal }).catch(() => false);
}
