import { setTimeout as delay } from 'node:timers/promises';
import type { Simulator } from '@wbor/groupme-simulator';
import type { TestBroker } from '@wbor/testkit';

interface Busy {
  readonly broker: Pick<TestBroker, 'control'>;
  readonly simulator: Pick<Simulator, 'callbacks' | 'messages'>;
}

/** Queues that end the line keep what they have, and a reader that was killed leaves a note. */
const TERMINAL = /\.(?:parked|journal|stations|reading)$/;
const POLL_MS = 1_000;
/**
 * A queue can be empty between two stages, and a broker that has just started says 0 of each until it has counted, which
 * takes it five seconds: what counts is that all were empty for longer.
 */
const QUIET_POLLS = 9;
/** What posts for ever is broken. */
const MAX_EXTENSION = 10;

/**
 * Waits until nothing is under way any more: no queue holds anything, no callback is pending.
 *
 * @param options.timeoutMs how long that may take once nothing new appears in the chat: a long queue on a slow machine is no
 * fault.
 * @returns what was still there when time was up.
 */
export async function waitUntilSettled(
  system: Busy,
  options: { timeoutMs: number; signal: AbortSignal; onWait: (busy: Record<string, number>) => void },
): Promise<Record<string, number>> {
  const startedAt = performance.now();
  let deadline = startedAt + options.timeoutMs;
  let shown = 0;
  let quiet = 0;
  for (;;) {
    const { length } = system.simulator.messages();
    if (length > shown) {
      deadline =
        Math.min(performance.now(), startedAt + MAX_EXTENSION * options.timeoutMs) + options.timeoutMs;
    }
    shown = length;
    const busy = await findBusy(system);
    quiet = Object.keys(busy).length === 0 ? quiet + 1 : 0;
    if (quiet >= QUIET_POLLS || options.signal.aborted || performance.now() > deadline) return busy;
    options.onWait(busy);
    await delay(POLL_MS, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

async function findBusy({ broker, simulator }: Busy): Promise<Record<string, number>> {
  // Unacked messages count, which AMQP itself would not tell.
  const listed = await broker.control('list_queues', 'name', 'messages');
  const busy: Record<string, number> = {};
  for (const line of listed.split('\n')) {
    const [name = '', count = ''] = line.split('\t');
    if (!TERMINAL.test(name) && Number(count) > 0) busy[name] = Number(count);
  }
  const callbacks = simulator.callbacks().filter(({ state }) => state === 'pending').length;
  if (callbacks > 0) busy['callbacks under way'] = callbacks;
  return busy;
}
