import { sleep } from '@wbor/async';
import { createOwnPoster, type OwnOutcome, type OwnPoster, type Sight } from './own-post.ts';
import type { Offer, OfferTerms, Route } from './routes/route.ts';
import { mayBeInChat, type SpoolEntry } from './spool/records.ts';
import type { Spool } from './spool/spool.ts';
import type { FallbackOptions, SendResult } from './types.ts';

/** A call of the relay's, and what clocks may differ by. */
const LONGEST_CALL_MS = 15_000;
/** A chat that cannot be read for longer keeps no message back: that the relay has posted it is unlikely. */
const LOOK_MS = 10_000;
const LOOK_AGAIN_MS = 1_000;
/** What a post of our own needs of the time of a message. The last words of the relay may use half of it. */
export const OWN_POST_MS = 4_000;

/** In a later round a message may wait so long for the relay, its own post included: new ones wait behind it. */
const LATER_ROUND_MS = 15_000;
/** A relay that was silent is not waited for again so soon, for messages that have waited already. */
const SILENCE_LASTS_MS = 30_000;
const LONG_AGO_MS = 5 * 60_000;

/** How a message stands after a round of work. */
export type Progress = Omit<SendResult, 'wborMessageId' | 'spooled' | 'calls'>;

interface DeliveryTerms {
  /** How long the relay has to post it, in milliseconds; 0: it is not waited for. */
  readonly waitMs: number;
  /** When to end: epoch ms. */
  readonly until: number;
  /** It was accepted in an earlier round, or by another process. */
  readonly isLater: boolean;
}

export interface DeliveryOptions {
  readonly route: Route;
  readonly spool: () => Promise<Spool>;
  readonly fallback: FallbackOptions | undefined;
  readonly clockMarginMs: number;
  readonly connectTimeoutMs: number;
  /** A call is in doubt, for good. */
  readonly onDoubt: (callId: string) => void;
  /** A message is about to be done. */
  readonly onSettled: (entry: SpoolEntry, progress: Progress) => void;
}

/** Gets one message into the chat, by the relay or by a post of the producer's own. */
export function createDelivery(options: DeliveryOptions) {
  const { clockMarginMs, connectTimeoutMs, fallback, onDoubt, onSettled, route, spool } = options;
  let poster: OwnPoster | undefined;
  /** When the relay let a deadline pass without a word: {@link performance.now}. */
  let silentAtMs = Number.NEGATIVE_INFINITY;

  async function openPoster(fallback: FallbackOptions): Promise<OwnPoster> {
    poster ??= createOwnPoster({ fallback, connectTimeoutMs, spool: await spool(), onDoubt });
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

  async function finish(entry: SpoolEntry, progress: Progress): Promise<Progress> {
    onSettled(entry, progress);
    await (await spool()).append({ t: 'done', id: entry.message.id });
    return progress;
  }

  async function takeBack(entry: SpoolEntry): Promise<void> {
    if (entry.offered) await (await spool()).append({ t: 'ours', id: entry.message.id });
  }

  /** Posts a message that nobody else has. */
  async function postOurselves(entry: SpoolEntry, why: string, until: number): Promise<Progress> {
    await takeBack(entry);
    const own = await ownPost(entry, until);
    if (own.state === 'later') {
      return waiting(`${why}; ${own.reason}`);
    }
    // Not done: it is looked for again, and posted if nothing shows it.
    if (own.state === 'look-later') {
      return { deliveredBy: 'fallback', state: 'in-doubt', reason: `${why}; ${own.reason}` };
    }
    const reason = own.state === 'failed' ? `${why}; ${own.reason}` : why;
    return finish(entry, { deliveredBy: 'fallback', state: own.state, reason });
  }

  async function byRelay(entry: SpoolEntry, offer: Offer): Promise<Progress> {
    const state = offer.kind as 'delivered' | 'posting' | 'queued' | 'failed' | 'in-doubt';
    const why = 'reason' in offer ? { reason: offer.reason } : {};
    return finish(entry, { deliveredBy: 'relay', state, ...why });
  }

  async function offer(
    entry: SpoolEntry,
    { deliverBy, waitUntil, until }: Omit<OfferTerms, 'beforeOffer'>,
  ): Promise<Offer> {
    return route.offer(entry.message, {
      deliverBy,
      waitUntil,
      until,
      beforeOffer: async () =>
        (await spool()).append({ t: 'offered', id: entry.message.id, by: deliverBy, at: Date.now() }),
    });
  }

  /** A message that nobody else has: the relay has `waitMs` to post it, then it is posted by ourselves. */
  async function offerAnew(entry: SpoolEntry, { isLater, until, waitMs }: DeliveryTerms): Promise<Progress> {
    // Without a post of our own at the end there is nothing that a deadline would be good for.
    const withDeadline = fallback !== undefined && waitMs > 0;
    if (withDeadline && isLater && performance.now() - silentAtMs < SILENCE_LASTS_MS) {
      return postOurselves(entry, 'the relay has just been silent', until);
    }
    const relayUntil = isLater ? Math.min(until, Date.now() + LATER_ROUND_MS) : until;
    const latest = withDeadline ? relayUntil - clockMarginMs - OWN_POST_MS : until;
    // In whole milliseconds, as it is sent: `expired` names it.
    const end = Math.floor(Math.min(Date.now() + waitMs, latest));
    if (withDeadline && end <= Date.now()) {
      return postOurselves(entry, 'there is no time to wait for the relay', until);
    }
    const offered = await offer(
      entry,
      withDeadline
        ? { deliverBy: end, waitUntil: relayUntil, until: relayUntil - OWN_POST_MS / 2 }
        : { deliverBy: undefined, waitUntil: end, until },
    );
    if (offered.kind === 'not-taken') return postOurselves(entry, offered.reason, until);
    if (offered.kind !== 'silent') return byRelay(entry, offered);
    if (!withDeadline) return waiting(offered.reason);
    silentAtMs = performance.now();
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

  /**
   * A message that the relay may have is the relay's to settle, which knows a repeat by its id, for a while. So what became of it is
   * asked first. Undefined: the relay will not post it, and it is ours again.
   */
  async function offerAgain(entry: SpoolEntry, until: number): Promise<Progress | undefined> {
    const { offeredBy } = entry;
    const known = await route.recall(entry.message, offeredBy, until);
    if (known?.kind === 'not-taken') {
      await takeBack(entry);
      return undefined;
    }
    if (known !== undefined) return byRelay(entry, known);
    const before = isLongAgo(entry) ? await look(entry) : undefined;
    if (before === 'shown') return byRelay(entry, { kind: 'delivered' });
    if (before === 'not-now') {
      return waiting('it was offered a while ago, and the chat could not be looked at');
    }
    const offered = await offer(entry, { deliverBy: undefined, waitUntil: Date.now(), until });
    if (offered.kind === 'silent') return waiting(offered.reason);
    if (offered.kind !== 'not-taken') return byRelay(entry, offered);
    // The offer was not made; the one before it counts again.
    await restore(entry, offeredBy);
    const sight = isOver(offeredBy) ? (before ?? (await look(entry))) : 'not-now';
    if (sight === 'shown') return byRelay(entry, { kind: 'delivered' });
    if (sight === 'absent') return postOurselves(entry, offered.reason, until);
    return waiting(offered.reason);
  }

  async function restore(entry: SpoolEntry, offeredBy: number | undefined): Promise<void> {
    if (entry.offeredBy === offeredBy) return;
    await (await spool()).append({ t: 'offered', id: entry.message.id, by: offeredBy, instead: true });
  }

  return {
    /** One round of a message. What is done depends on who may have it, not on how often it was tried. */
    async deliver(entry: SpoolEntry, terms: DeliveryTerms): Promise<Progress> {
      // What we have posted in part is ours.
      if (entry.calls.some(mayBeInChat)) return postOurselves(entry, 'it was begun before', terms.until);
      const settled = entry.offered ? await offerAgain(entry, terms.until) : undefined;
      return settled ?? offerAnew(entry, terms);
    },
    close: async () => poster?.close(),
  };
}

function waiting(reason: string): Progress {
  return { deliveredBy: 'spool', state: 'waiting', reason };
}

/** Whether the relay may have forgotten by now that it has posted it. It remembers so many posts, and nobody knows how fast they come. */
function isLongAgo({ offeredAt }: SpoolEntry): boolean {
  return offeredAt !== undefined && Date.now() > offeredAt + LONG_AGO_MS;
}

/** Whether the relay has begun by now and ended its call, or never will begin. */
function isOver(offeredBy: number | undefined): boolean {
  return offeredBy !== undefined && Date.now() > offeredBy + LONGEST_CALL_MS;
}
