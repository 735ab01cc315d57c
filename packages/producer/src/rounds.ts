import { endsWithin } from '@wbor/async';
import { createDelivery, OWN_POST_MS, type Progress } from './delivery.ts';
import { SpoolError } from './errors.ts';
import type { Route } from './routes/route.ts';
import type { AcceptedMessage, SpoolEntry } from './spool/records.ts';
import { openSpool, type Spool } from './spool/spool.ts';
import type { ProducerOptions, ProducerStatus } from './types.ts';

/** The rounds of work: which message is worked on when, and the logs of its calls after it. */
export function createRounds(
  { fallback, spoolFile }: ProducerOptions,
  {
    clockMarginMs,
    connectTimeoutMs,
    route,
  }: { clockMarginMs: number; connectTimeoutMs: number; route: Route },
) {
  let opened: Promise<Spool> | undefined;
  /** Ids of calls. */
  const doubts = new Set<string>();
  /** Accepted by calls whose turn has not come. Nobody else works on these. */
  const awaited = new Set<SpoolEntry>();

  function spool(): Promise<Spool> {
    opened ??= openSpool(spoolFile);
    return opened;
  }

  const { close, goOn, work } = createDelivery({
    route,
    spool,
    fallback,
    clockMarginMs,
    connectTimeoutMs,
    onDoubt: (callId) => doubts.add(callId),
  });

  /** Tells the audit of every call that it has not heard of, in order, until it cannot be told. One that is refused is tried again with the next round. */
  async function log(entries: readonly SpoolEntry[], until: number): Promise<void> {
    for (const { calls, message } of entries) {
      for (const call of calls) {
        if (call.logged || call.result === undefined) continue;
        if (Date.now() >= until) return;
        const told = await route.log(message, call, until);
        if (told === 'not-now') return;
        // It must not hold up those of other messages.
        if (told === 'refused') break;
        call.logged = true;
        await (await spool()).append({ t: 'logged', id: message.id, callId: call.call.callId });
      }
    }
  }

  async function unlessLost(work: () => Promise<Progress>): Promise<Progress> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      return { deliveredBy: 'spool', state: 'waiting', reason: error.message };
    }
  }

  async function older(than: SpoolEntry | undefined, until: number): Promise<void> {
    for (const entry of (await spool()).entries()) {
      if (entry === than || Date.now() >= until) return;
      if (!entry.done && !awaited.has(entry)) await unlessLost(() => goOn(entry, until));
    }
  }

  /** The new one needs its wait and a post of its own, and the older ones get a quarter of the time in any case. */
  function untilForOlder(waitMs: number, until: number): number {
    const now = Date.now();
    const spareMs = until - now - waitMs - clockMarginMs - OWN_POST_MS;
    return now + Math.max((until - now) / 4, Math.min((until - now) / 2, spareMs));
  }

  return {
    spool,
    async accept(message: AcceptedMessage): Promise<{ entry: SpoolEntry; onDisk: boolean }> {
      const accepted = await (await spool()).accept(message);
      awaited.add(accepted.entry);
      return accepted;
    },
    /** Brings a message on as far as it gets, behind what was accepted before it. */
    async bring(entry: SpoolEntry, { until, waitMs }: { waitMs: number; until: number }): Promise<Progress> {
      let progress: Progress;
      try {
        await (await spool()).adopt();
        // What waits there must not take all the time of this one.
        await older(entry, untilForOlder(waitMs, until));
        // The same id may have been given to an earlier call.
        progress = entry.done ? asDone(entry) : await unlessLost(() => work(entry, waitMs, until));
      } finally {
        awaited.delete(entry);
      }
      const open = (await spool()).entries();
      const logged = log(open.includes(entry) ? open : [...open, entry], until);
      // How the message stands is said in time, whatever hinders its logs: they wait in the spool.
      await endsWithin(
        logged.catch(() => {}),
        Math.max(0, until - Date.now()),
      );
      return progress;
    },
    async catchUp(until: number): Promise<void> {
      await (await spool()).adopt();
      await older(undefined, until);
      await log((await spool()).entries(), until);
    },
    async status(): Promise<ProducerStatus> {
      const current = await spool();
      await current.adopt();
      const entries = current.entries();
      const open = entries.filter(({ done }) => !done);
      const logs = entries.flatMap(({ calls }) => calls.filter(({ logged }) => !logged));
      return {
        messages: open.length,
        oldestAt: open[0]?.message.at,
        logs: logs.length,
        inDoubt: Math.max(doubts.size, logs.filter(({ result }) => result?.outcome === 'unknown').length),
        spoolFault: current.fault,
      };
    },
    async close() {
      await route.close();
      await close();
      await (await spool()).close();
    },
  };
}

function asDone({ calls }: SpoolEntry): Progress {
  if (calls.length === 0) return { deliveredBy: 'relay', state: 'queued' };
  const inDoubt = calls.some(({ result }) => result?.outcome === 'unknown');
  return { deliveredBy: 'fallback', state: inDoubt ? 'in-doubt' : 'delivered' };
}
