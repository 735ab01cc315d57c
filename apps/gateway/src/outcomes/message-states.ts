import { type Outcome, postEventSchema, readMessage } from '@wbor/contracts';
import { LRUCache } from 'lru-cache';

/** What became of a message, as far as this gateway has heard. */
export interface MessageState {
  readonly source: string;
  readonly status: MessageStatus;
  /** How many posts it makes in the chat, once that is known. */
  readonly parts?: number;
  /** Which of them GroupMe took, counted from 1. */
  readonly delivered: readonly number[];
  /** How the last call ended, and its HTTP status. */
  readonly outcome?: Outcome;
  readonly code?: number;
  /** Epoch milliseconds of the last change, by this gateway's clock; of `expired` the deadline that has passed. */
  readonly at: number;
}

export const MESSAGE_STATUSES = [
  'unconfirmed',
  'queued',
  'posting',
  'delivered',
  'failed',
  'expired',
  'blocked',
  'already-sent',
] as const;
type MessageStatus = (typeof MESSAGE_STATUSES)[number];

export interface MessageStates {
  get(wborMessageId: string): MessageState | undefined;
  /**
   * It was offered to the broker, which has it, or has not said that it does not. What is known of it already stays, unless
   * that is what is over with a new offer.
   */
  offered(wborMessageId: string, source: string, status: 'queued' | 'unconfirmed'): void;
  /** The relay said that it will not be in the chat, or not all of it. */
  failed(wborMessageId: string, source: string, code: number): void;
  /** Reads what the relay says of a call of GroupMe, as it is published. */
  hear(content: Buffer): void;
}

/** Keeps states over a restart. */
export interface StateStore {
  load(sinceMs: number): Iterable<readonly [wborMessageId: string, state: MessageState]>;
  save(wborMessageId: string, state: MessageState): void;
}

export const STATES_KEPT_MS = 24 * 60 * 60 * 1000;
export const MAX_STATES = 20_000;

export function createMessageStates(store?: StateStore): MessageStates {
  const states = new LRUCache<string, MessageState>({ max: MAX_STATES, ttl: STATES_KEPT_MS });
  for (const [id, state] of store?.load(Date.now() - STATES_KEPT_MS) ?? []) states.set(id, state);

  function set(id: string, state: MessageState): void {
    states.set(id, state);
    store?.save(id, state);
  }

  return {
    get: (id) => states.get(id),
    offered(id, source, status) {
      const known = states.get(id)?.status;
      const isNews =
        known === undefined || known === 'expired' || (known === 'unconfirmed' && status === 'queued');
      if (isNews) set(id, { source, status, delivered: [], at: Date.now() });
    },
    failed(id, source, code) {
      const known = states.get(id) ?? { source, delivered: [] };
      set(id, { ...known, status: 'failed', code, at: Date.now() });
    },
    hear(content) {
      const event = readMessage({ schema: postEventSchema }, { content });
      if (!event.ok) return;
      const { code, deliver_by, outcome, part = 1, parts, source, wbor_message_id: id } = event.value;
      const known: MessageState = states.get(id) ?? { source, status: 'queued', delivered: [], at: 0 };
      const delivered = [...new Set(outcome === 'delivered' ? [...known.delivered, part] : known.delivered)];
      const count = parts ?? known.parts;
      const all = delivered.length >= (count ?? 1);
      set(id, {
        source,
        status: statusOf(outcome, known.status, all),
        ...(count === undefined ? {} : { parts: count }),
        delivered,
        ...(outcome === undefined ? {} : { outcome }),
        code,
        // The relay's word counts whatever our clock says, and for that deadline alone: an offer with a later one may be posted.
        at: (outcome === 'expired' && Date.parse(deliver_by ?? '')) || Date.now(),
      });
    },
  };
}

/** @param all whether GroupMe has taken all parts. */
function statusOf(outcome: Outcome | undefined, before: MessageStatus, all: boolean): MessageStatus {
  if (all) return 'delivered';
  switch (outcome) {
    case 'blocked':
    case 'expired':
    case 'already-sent':
      return outcome;
    case 'rejected':
      return 'failed';
    case undefined:
      return before;
    default:
      return 'posting';
  }
}
