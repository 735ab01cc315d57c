import type { AcceptedMessage, EntryCall } from '../spool/records.ts';

/** A way to the relay. */
export interface Route {
  /** Hands a message to the relay and, with a deadline, waits for what becomes of it. Does not reject. */
  offer(message: AcceptedMessage, terms: OfferTerms): Promise<Offer>;
  /**
   * What became of a message that was offered before, as far as can be asked on this way; `deliverBy` is the last deadline under
   * which it was offered. Undefined: nothing that settles it. Does not reject.
   */
  recall(
    message: AcceptedMessage,
    deliverBy: number | undefined,
    until: number,
  ): Promise<Settled | undefined>;
  /** Tells the audit of a post of the producer's own, until `until` (epoch ms). `refused`: this one is not taken, others may be. */
  log(message: AcceptedMessage, call: EntryCall, until: number): Promise<'stored' | 'refused' | 'not-now'>;
  close(): Promise<void>;
}

export interface OfferTerms {
  /** Epoch milliseconds after which the relay does not begin any more. Without one it may post whenever it can. */
  readonly deliverBy: number | undefined;
  /** How long to wait for the end of a post that the relay has begun, or for a message without a deadline: epoch ms. */
  readonly waitUntil: number;
  /** When to end in any case, but for {@link waitUntil} of a post that the relay has begun: epoch ms. */
  readonly until: number;
  /** Called once before anything of the message leaves this process. */
  readonly beforeOffer: () => Promise<void>;
}

export type Offer =
  /** The relay has posted it. */
  | { readonly kind: 'delivered' }
  /** The relay has begun, and nobody else may post it. */
  | { readonly kind: 'posting' }
  /** It is stored, without a deadline: the relay will post it. */
  | { readonly kind: 'queued' }
  /** The relay has begun and failed for good. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** The relay has given it up for a fault of its own, perhaps after a call. */
  | { readonly kind: 'in-doubt'; readonly reason: string }
  /** It is certain that nothing is posted for it. */
  | { readonly kind: 'not-taken'; readonly reason: string }
  /** It may have been stored. With a deadline, that and the margin have passed, and nothing was heard of a post. */
  | { readonly kind: 'silent'; readonly reason: string };

/** What settles an offer. */
export type Settled = Extract<Offer, { kind: 'delivered' | 'failed' | 'in-doubt' | 'not-taken' }>;
