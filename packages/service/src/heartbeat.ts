import { sleep } from '@wbor/async';
import type { Health } from './health.ts';
import type { Logger } from './logger.ts';
import type { Secret } from './secret.ts';

const PING_EVERY_MS = 60_000;
const LOOK_EVERY_MS = 1_000;
const PING_TIMEOUT_MS = 10_000;

/**
 * Calls an address as soon as the service is ready and then each minute as long as it is, so that somebody outside notices when the
 * calls cease: also when the whole machine is gone. Nothing waits for it. Neither its path nor its query is ever logged: who
 * knows them can make a dead service look alive.
 */
export function startHeartbeat(options: {
  url: Secret;
  health: Pick<Health, 'faults'>;
  logger: Pick<Logger, 'info' | 'warn'>;
  /** For tests. Default: a minute. */
  everyMs?: number;
  /** For tests. Default: ten seconds. */
  timeoutMs?: number;
}): { stop(): void } {
  const { everyMs = PING_EVERY_MS, health, logger, timeoutMs = PING_TIMEOUT_MS, url } = options;
  const stopping = new AbortController();
  let isFailing = false;

  async function pingWhileReady(): Promise<void> {
    while (!stopping.signal.aborted) {
      const isReady = health.faults().length === 0;
      if (isReady) report(await ping(url, timeoutMs, stopping.signal));
      // Ready again is said soon: a minute more is a false alarm where somebody waits for two.
      await sleep(isReady ? everyMs : Math.min(everyMs, LOOK_EVERY_MS), stopping.signal);
    }
  }

  function report(fault: string | undefined): void {
    const fails = fault !== undefined;
    if (stopping.signal.aborted || fails === isFailing) return;
    isFailing = fails;
    if (!fails) logger.info({}, 'the heartbeat gets through again');
    else logger.warn({ error: fault }, 'the heartbeat does not get through; check HEARTBEAT_URL');
  }

  void pingWhileReady();
  return { stop: () => stopping.abort() };
}

/** Returns why it did not get through, without a word of the address. */
async function ping(url: Secret, timeoutMs: number, stopping: AbortSignal): Promise<string | undefined> {
  const signal = AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await fetch(url.reveal(), { signal });
    await response.body?.cancel();
    return response.ok ? undefined : `HTTP ${response.status}`;
  } catch (error) {
    return codeOf(error);
  }
}

/** The messages of fetch repeat its address now and then: only their codes are known to be harmless. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error.name;
}
