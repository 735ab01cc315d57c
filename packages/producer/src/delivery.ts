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

/** How a message stands after a round of work. */
export type Progress = Omit<SendResult, 'wborMessageId' | 'spooled' | 'calls'>;

export interface DeliveryOptions {
  readonly route: Route;
  readonly spool: () => Promise<Spool>;
  readonly fallback: FallbackOptions | undefined;
  readonly clockMarginMs: number;
  readonly connectTimeoutMs: number;
  /** A call is in doubt, for good. */
  readonly onDoubt: (callId: string) => void;
}

/** Gets one message into the chat, by the relay or by a post of the producer's own. */
export function createDelivery(options: DeliveryOptions) {
  const { clockMarginMs, connectTimeoutMs, fallback, onDoubt, route, spool } = options;
  let poster: OwnPoster | undefined;

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

  return { work, goOn, close: async () => poster?.close() };
}

/** Whether the relay has begun by now and ended its call, or never will begin. */
function isOver(offeredBy: number | undefined): boolean {
  return offeredBy !== undefined && Date.now() > offeredBy + LONGEST_CALL_MS;
}
