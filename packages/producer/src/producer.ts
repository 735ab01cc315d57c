import { endsWithin, sleep } from '@wbor/async';
import { DEFAULT_EXCHANGE_NAME } from '@wbor/contracts';
import { ProducerError, SpoolError } from './errors.ts';
import { createOwnPoster, type OwnOutcome, type OwnPoster, type Sight } from './own-post.ts';
import { checkOptions, toMessage } from './read-options.ts';
import { createAmqpRoute } from './routes/amqp.ts';
import { createHttpRoute } from './routes/http.ts';
import type { Offer, OfferTerms, Route } from './routes/route.ts';
import { type AcceptedMessage, mayBeInChat, type SpoolEntry } from './spool/records.ts';
import { openSpool, type Spool } from './spool/spool.ts';
import type {
  CallReport,
  FallbackOptions,
  Producer,
  ProducerOptions,
  ProducerStatus,
  SendResult,
} from './types.ts';

const DEFAULT_CONNECT_TIMEOUT_MS = 3_000;
const DEFAULT_CLOCK_MARGIN_MS = 2_000;
const DEFAULT_WAIT_MS = 8_000;
const DEFAULT_TIMEOUT_MS = 45_000;
/** A call of the relay's, and what clocks may differ by. */
const LONGEST_CALL_MS = 15_000;
/** A chat that cannot be read for longer keeps no message back: that the relay has posted it is unlikely. */
const LOOK_MS = 10_000;
const LOOK_AGAIN_MS = 1_000;
/** What a post of our own needs of the time of a message. The last words of the relay may use half of it. */
const OWN_POST_MS = 4_000;
/** How often what waits in the spool is tried again by itself. */
const DEFAULT_RETRY_MS = 15_000;

/** How a message stands after a round of work. */
type Progress = Omit<SendResult, 'wborMessageId' | 'spooled' | 'calls'>;

/** @throws ProducerError with code INVALID_OPTIONS. */
export function createProducer(options: ProducerOptions): Producer {
  checkOptions(options);
  const { retryMs = DEFAULT_RETRY_MS } = options;
  const worker = createWorker(options);
  let last: Promise<unknown> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  /** One after another, so that messages keep their order. */
  function inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const mine = last.then(work).finally(retryLater);
    last = mine.catch(() => {});
    return mine;
  }

  async function retryLater(): Promise<void> {
    const spool = await worker.spool();
    if (spool.entries().length > 0 || spool.hasOthers()) arm();
  }

  function arm(): void {
    if (closed || retry !== undefined) return;
    retry = setTimeout(() => {
      retry = undefined;
      void inTurn(() => worker.catchUp(Date.now() + DEFAULT_TIMEOUT_MS)).catch(() => {});
    }, retryMs);
    // A program that has nothing else to do may end: the spool is on disk.
    retry.unref();
  }

  // A process that is gone may have left something there.
  if (options.spoolFile !== undefined) arm();

  return {
    async send(message) {
      if (closed) throw new ProducerError('CLOSED', 'the producer is closed');
      const accepted = toMessage(options.source, message);
      const { entry, onDisk } = await worker.accept(accepted);
      return inTurn(async () => {
        const waitMs = Math.max(0, message.waitMs ?? DEFAULT_WAIT_MS);
        const until = Date.now() + (message.timeoutMs ?? DEFAULT_TIMEOUT_MS);
        const progress = await worker.bring(entry, { waitMs, until });
        const calls = reportCalls(entry);
        if (progress.deliveredBy === 'spool' && !onDisk && options.spoolFile !== undefined) {
          const { fault } = await worker.spool();
          throw new ProducerError(
            'NOT_ACCEPTED',
            `neither delivered (${progress.reason ?? ''}) nor kept (${fault ?? ''})`,
          );
        }
        return {
          wborMessageId: accepted.id,
          ...progress,
          ...(calls.length > 0 ? { calls } : {}),
          spooled: onDisk,
        };
      });
    },
    async drain({ timeoutMs = DEFAULT_TIMEOUT_MS } = {}) {
      if (closed) throw new ProducerError('CLOSED', 'the producer is closed');
      await inTurn(() => worker.catchUp(Date.now() + timeoutMs));
      return worker.status();
    },
    status: () => worker.status(),
    async close() {
      closed = true;
      await last;
      clearTimeout(retry);
      await worker.close();
    },
  };
}

function createWorker(options: ProducerOptions) {
  const {
    clockMarginMs = DEFAULT_CLOCK_MARGIN_MS,
    connectTimeoutMs = DEFAULT_CONNECT_TIMEOUT_MS,
    fallback,
  } = options;
  const route = createRoute(options, connectTimeoutMs);
  let opened: Promise<Spool> | undefined;
  let poster: OwnPoster | undefined;
  /** Ids of calls. */
  const doubts = new Set<string>();
  /** Accepted by calls whose turn has not come. Nobody else works on these. */
  const awaited = new Set<SpoolEntry>();

  function spool(): Promise<Spool> {
    opened ??= openSpool(options.spoolFile);
    return opened;
  }

  async function openPoster(fallback: FallbackOptions): Promise<OwnPoster> {
    poster ??= createOwnPoster({
      fallback,
      connectTimeoutMs,
      spool: await spool(),
      onDoubt: (callId) => doubts.add(callId),
    });
    return poster;
  }

  async function ownPost(entry: SpoolEntry, until: number): Promise<OwnOutcome> {
    if (fallback === undefined) return { state: 'later', reason: 'no bot is set to post with' };
    return (await openPoster(fallback)).post(entry, until);
  }

  /** Whether the chat shows it, posted by the relay. */
  async function look(entry: SpoolEntry): Promise<Sight> {
    return fallback === undefined ? 'never' : (await openPoster(fallback)).look(entry);
  }

  async function finish(entry: SpoolEntry): Promise<void> {
    await (await spool()).append({ t: 'done', id: entry.message.id });
  }

  async function takeBack(entry: SpoolEntry): Promise<void> {
    if (entry.offered) await (await spool()).append({ t: 'ours', id: entry.message.id });
  }

  /** Posts a message that nobody else has. */
  async function postOurselves(entry: SpoolEntry, why: string, until: number): Promise<Progress> {
    await takeBack(entry);
    const own = await ownPost(entry, until);
    if (own.state === 'later') {
      return { deliveredBy: 'spool', state: 'waiting', reason: `${why}; ${own.reason}` };
    }
    // Not done: it is looked for again, and posted if nothing shows it.
    if (own.state === 'look-later') {
      return { deliveredBy: 'fallback', state: 'in-doubt', reason: `${why}; ${own.reason}` };
    }
    await finish(entry);
    const reason = own.state === 'failed' ? `${why}; ${own.reason}` : why;
    return { deliveredBy: 'fallback', state: own.state, reason };
  }

  async function byRelay(entry: SpoolEntry, offer: Offer): Promise<Progress> {
    await finish(entry);
    const state = offer.kind as 'delivered' | 'posting' | 'queued' | 'failed';
    return { deliveredBy: 'relay', state, ...('reason' in offer ? { reason: offer.reason } : {}) };
  }

  async function offer(
    entry: SpoolEntry,
    { deliverBy, waitUntil, until }: Omit<OfferTerms, 'beforeOffer'>,
  ): Promise<Offer> {
    return route.offer(entry.message, {
      deliverBy,
      waitUntil,
      until,
      beforeOffer: async () => (await spool()).append({ t: 'offered', id: entry.message.id, by: deliverBy }),
    });
  }

  /** The first round of a message: the relay has `waitMs` to post it. */
  async function work(entry: SpoolEntry, waitMs: number, until: number): Promise<Progress> {
    // Without a post of our own at the end there is nothing that a deadline would be good for.
    const withDeadline = fallback !== undefined && waitMs > 0;
    const latest = withDeadline ? until - clockMarginMs - OWN_POST_MS : until;
    const end = Math.min(Date.now() + waitMs, latest);
    if (withDeadline && end <= Date.now()) {
      // An earlier call with this id may have offered it.
      if (entry.offered) return goOn(entry, until);
      return postOurselves(entry, 'there is no time to wait for the relay', until);
    }
    const offered = await offer(
      entry,
      withDeadline
        ? { deliverBy: end, waitUntil: until, until: until - OWN_POST_MS / 2 }
        : { deliverBy: undefined, waitUntil: end, until },
    );
    if (offered.kind === 'not-taken') return postOurselves(entry, offered.reason, until);
    if (offered.kind !== 'silent') return byRelay(entry, offered);
    if (withDeadline) {
      // Its word may have been lost on a connection that was dead and did not know it.
      const lookUntil = Math.min(until - OWN_POST_MS, Date.now() + LOOK_MS);
      let sight = await look(entry);
      while (sight === 'not-now' && Date.now() + LOOK_AGAIN_MS < lookUntil) {
        await sleep(LOOK_AGAIN_MS);
        sight = await look(entry);
      }
      if (sight === 'shown') return byRelay(entry, { kind: 'delivered' });
      return postOurselves(entry, offered.reason, until);
    }
    return { deliveredBy: 'spool', state: 'waiting', reason: offered.reason };
  }

  /**
   * A later round. What was posted in part is ours; what the relay may have is the relay's to settle, which knows a repeat by
   * its id; anything else goes to whoever can be reached.
   */
  async function goOn(entry: SpoolEntry, until: number): Promise<Progress> {
    if (entry.calls.some(mayBeInChat)) return postOurselves(entry, 'it was begun before', until);
    const { offered: wasOffered, offeredBy } = entry;
    const offered = await offer(entry, { deliverBy: undefined, waitUntil: Date.now(), until });
    if (offered.kind === 'not-taken') {
      // The offer was not made; the one before it counts again.
      if (!wasOffered) return postOurselves(entry, offered.reason, until);
      await restore(entry, offeredBy);
      const sight = isOver(offeredBy) ? await look(entry) : 'not-now';
      if (sight === 'shown') return byRelay(entry, { kind: 'delivered' });
      if (sight === 'absent') return postOurselves(entry, offered.reason, until);
    }
    if (offered.kind === 'not-taken' || offered.kind === 'silent') {
      return { deliveredBy: 'spool', state: 'waiting', reason: offered.reason };
    }
    return byRelay(entry, offered);
  }

  async function restore(entry: SpoolEntry, offeredBy: number | undefined): Promise<void> {
    if (entry.offeredBy === offeredBy) return;
    await (await spool()).append({ t: 'offered', id: entry.message.id, by: offeredBy, instead: true });
  }

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
      await poster?.close();
      await (await spool()).close();
    },
  };
}

function createRoute(options: ProducerOptions, connectTimeoutMs: number): Route {
  const { clockMarginMs = DEFAULT_CLOCK_MARGIN_MS, gatewayUrl, rabbitmqUrl } = options;
  if (gatewayUrl !== undefined) {
    return createHttpRoute({ url: gatewayUrl, token: options.token, connectTimeoutMs, clockMarginMs });
  }
  return createAmqpRoute({
    url: rabbitmqUrl ?? '',
    exchange: options.exchange ?? DEFAULT_EXCHANGE_NAME,
    botId: options.fallback?.botId,
    connectTimeoutMs,
    clockMarginMs,
  });
}

/** Whether the relay has begun by now and ended its call, or never will begin. */
function isOver(offeredBy: number | undefined): boolean {
  return offeredBy !== undefined && Date.now() > offeredBy + LONGEST_CALL_MS;
}

function asDone({ calls }: SpoolEntry): Progress {
  if (calls.length === 0) return { deliveredBy: 'relay', state: 'queued' };
  const inDoubt = calls.some(({ result }) => result?.outcome === 'unknown');
  return { deliveredBy: 'fallback', state: inDoubt ? 'in-doubt' : 'delivered' };
}

function reportCalls({ calls }: SpoolEntry): CallReport[] {
  return calls.map(({ call: { part, parts }, result }) => ({
    part,
    parts,
    code: result?.code ?? 0,
    outcome: result?.outcome ?? 'unknown',
  }));
}
