import { endsWithin } from '@wbor/async';
import { createDelivery, OWN_POST_MS, type Progress } from './delivery.ts';
import { ProducerError, SpoolError } from './errors.ts';
import type { Route } from './routes/route.ts';
import { createSettledMessages } from './settled.ts';
import { type AcceptedMessage, contentOf, type SpoolEntry } from './spool/records.ts';
import { openSpool, type Spool } from './spool/spool.ts';
import type { CallReport, ProducerOptions, ProducerStatus, SendResult } from './types.ts';

/** How long the relay has to post what was left by an earlier round, in milliseconds. */
const LATER_WAIT_MS = 8_000;

/** What is to be brought on, or what became of it already. */
type Accepted = { readonly entry: SpoolEntry } | { readonly result: SendResult };

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
  const settled = createSettledMessages();
  const laterWaitMs = fallback === undefined ? 0 : LATER_WAIT_MS;
  let accepting: Promise<unknown> = Promise.resolve();

  function spool(): Promise<Spool> {
    opened ??= openSpool(spoolFile);
    return opened;
  }

  const { close, deliver } = createDelivery({
    route,
    spool,
    fallback,
    clockMarginMs,
    connectTimeoutMs,
    onDoubt: (callId) => doubts.add(callId),
    onSettled: (entry, progress) => settled.remember(entry.message, toResult(entry, progress)),
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

  /** @throws ProducerError with code ID_REUSED. */
  async function acceptNow(message: AcceptedMessage): Promise<Accepted> {
    const current = await spool();
    // A process that is gone may have left the same message.
    await current.adopt();
    const open = current.find(message.id);
    const known = settled.find(message);
    const isSame = open === undefined ? known?.isSame : contentOf(open.message) === contentOf(message);
    if (isSame === false) {
      throw new ProducerError(
        'ID_REUSED',
        'the wborMessageId is that of another message, with other words or images',
      );
    }
    if (open === undefined && known !== undefined) return { result: known.result };
    const entry = open ?? (await current.accept(message));
    awaited.add(entry);
    return { entry };
  }

  async function older(than: SpoolEntry | undefined, until: number): Promise<void> {
    for (const entry of (await spool()).entries()) {
      if (entry === than || Date.now() >= until) return;
      // Nobody has waited for these, and somebody waits for the new one, which goes on with them first.
      if (than === undefined && awaited.size > 0) return;
      if (entry.done || awaited.has(entry)) continue;
      await unlessLost(async () => {
        const known = settled.find(entry.message);
        if (!known?.isSame) return deliver(entry, { waitMs: laterWaitMs, until, isLater: true });
        // Another process had accepted it, too, and it was settled here.
        await (await spool()).append({ t: 'done', id: entry.message.id });
        return known.result;
      });
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
    /**
     * Accepts a message. What is known of it already is not accepted again: the result of a settled one is given, and one that
     * is not settled is gone on with.
     *
     * @throws ProducerError with code ID_REUSED.
     */
    accept(message: AcceptedMessage): Promise<Accepted> {
      // One at a time: two with one id must see each other.
      const mine = accepting.then(() => acceptNow(message));
      accepting = mine.catch(() => {});
      return mine;
    },
    /** Brings a message on as far as it gets, behind what was accepted before it. */
    async bring(
      entry: SpoolEntry,
      { until, waitMs }: { waitMs: number; until: number },
    ): Promise<SendResult> {
      let result: SendResult;
      try {
        await (await spool()).adopt();
        // What waits there must not take all the time of this one.
        await older(entry, untilForOlder(waitMs, until));
        // The same id may have been given to an earlier call.
        result = entry.done
          ? (settled.find(entry.message)?.result ?? toResult(entry, asDone(entry)))
          : toResult(entry, await unlessLost(() => deliver(entry, { waitMs, until, isLater: false })));
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
      return result;
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

/** How a message stands that an earlier process has done, and whose calls the audit has not heard of. */
function asDone({ calls }: SpoolEntry): Progress {
  const ended = (outcome: CallReport['outcome']) => calls.some(({ result }) => result?.outcome === outcome);
  if (ended('rejected')) return { deliveredBy: 'fallback', state: 'failed' };
  if (ended('unknown')) return { deliveredBy: 'fallback', state: 'in-doubt' };
  return ended('delivered')
    ? { deliveredBy: 'fallback', state: 'delivered' }
    : { deliveredBy: 'relay', state: 'queued' };
}

function toResult({ calls, message, onDisk }: SpoolEntry, progress: Progress): SendResult {
  const reports = calls.map(({ call: { part, parts }, result }) => ({
    part,
    parts,
    code: result?.code ?? 0,
    outcome: result?.outcome ?? ('unknown' as const),
  }));
  return {
    wborMessageId: message.id,
    ...progress,
    ...(reports.length > 0 ? { calls: reports } : {}),
    spooled: onDisk,
  };
}
