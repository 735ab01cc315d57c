import type { PlannedMessage } from '@wbor/contracts';
import type { OutboxEntry } from '../../src/outbox.ts';
import type { Answer, ModelMessage } from './schedule.ts';

/** How a message may end without a post of its next part. */
export type NotPosted = 'parked' | 'expired' | 'blocked';

/** A call that is announced, until its result is recorded. */
interface OpenCall {
  readonly part: number;
  /** In which delivery of the message it was announced. */
  readonly delivery: number;
  /** Whether the relay was told, when it was stored, not to make the call. */
  givenUp: boolean;
  /** GroupMe's answer, once the call is made. */
  answer: Answer | undefined;
  /** When a relay has seen it end; undefined when none has. */
  endedAtMs: number | undefined;
  searched: boolean;
}

/** One message of the schedule: what is true of it, whatever a relay thinks. */
export interface Item {
  readonly number: number;
  readonly message: ModelMessage;
  readonly planned: PlannedMessage;
  readonly planId: string;
  readonly deadlineMs: number;
  /** Parts that the chat shows. */
  readonly shown: Set<number>;
  /** Parts that were recorded as delivered. */
  readonly recorded: Set<number>;
  /** Parts that a search was not certain about: they may be posted twice. */
  readonly doubted: Set<number>;
  /** Whether the present relay knows of such a part. The next one does not. */
  knownAsDoubted: boolean;
  /** In which delivery the last call that is recorded as delivered was made. */
  recordedIn: number;
  rejectedPart: number | undefined;
  open: OpenCall | undefined;
  tried: boolean;
  /** Whether it lies in the outbox. */
  queued: boolean;
  /** Whether nothing may come before it: it was next when its relay gave all back to get it again. */
  awaited: boolean;
  heldBy: { readonly channelId: number; readonly sinceMs: number } | undefined;
  deliveries: number;
  /** What was told of it since it was delivered last. It holds once the broker has the acknowledgement. */
  told: 'success' | NotPosted | undefined;
  /** Whether its producer has heard that it is about to be posted. */
  producerKnows: boolean;
  /** How it was ended the last time without a post, also when its acknowledgement was lost after that. */
  endedAs: NotPosted | undefined;
  ended: boolean;
}

const SENDER = '+12075550123';

export function createItem(message: ModelMessage, number: number): Item {
  const deadlineMs =
    message.patienceMs === undefined ? Number.POSITIVE_INFINITY : message.atMs + message.patienceMs;
  return {
    number,
    message,
    deadlineMs,
    planId: `plan-${number}`,
    planned: {
      wbor_message_id: String(number),
      source: message.source,
      parts: Array.from({ length: message.parts }, (_, index) => ({ text: `m${number} p${index + 1}` })),
      planned_at: 0,
      acknowledge: false,
      ...(message.sender ? { sender: SENDER } : {}),
      ...(Number.isFinite(deadlineMs) ? { deliver_by: deadlineMs } : {}),
      ...(message.interim ? { reply_to: 'producer', interim_reply: true } : {}),
    },
    shown: new Set(),
    recorded: new Set(),
    doubted: new Set(),
    knownAsDoubted: false,
    recordedIn: 0,
    rejectedPart: undefined,
    open: undefined,
    tried: false,
    queued: false,
    awaited: false,
    heldBy: undefined,
    deliveries: 0,
    told: undefined,
    producerKnows: false,
    endedAs: undefined,
    ended: false,
  };
}

export const entryOf = (item: Item): OutboxEntry => ({
  lane: item.message.lane,
  planned: item.planned,
  planId: item.planId,
  inDoubt: false,
});

/** Whether the relay knows that something of it may be in the chat. */
export const isBegun = (item: Item): boolean =>
  item.recorded.size > 0 || item.knownAsDoubted || item.open !== undefined;

export const isComplete = (item: Item): boolean => item.recorded.size === item.message.parts;

/** Complete, and its turn was the last one: after a delivery of its own others may come first. */
export const isCompleteNow = (item: Item): boolean => isComplete(item) && item.recordedIn === item.deliveries;
