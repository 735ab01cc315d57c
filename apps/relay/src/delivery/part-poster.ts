import {
  type Evidence,
  type Outcome,
  type Part,
  type PlannedMessage,
  type PostEvent,
  postEvent,
} from '@wbor/contracts';
import { type GroupMeClient, GroupMeError, GroupMeUnknownOutcomeError } from '@wbor/groupme';
import type { Logger } from '@wbor/service';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import type { EventPublisher } from '../events.ts';
import type { RelayMetrics } from '../metrics.ts';
import { classifyFailure } from './classify-failure.ts';
import type { EvidenceSource, Settlement } from './evidence.ts';
import type { Ledger, LedgerEntry, LedgerPart } from './ledger.ts';
import type { Pacer } from './pacer.ts';
import type { Trouble } from './trouble.ts';

/** One part of a planned message on its way. */
interface PartInHand {
  readonly planned: PlannedMessage;
  /** The AMQP id of the planned message: the same however often it is delivered, or sent by its producer. */
  readonly planId: string;
  /** Counted from 1. */
  readonly number: number;
  /** Whether the message is still ours to deliver. */
  readonly isHeld: () => Promise<boolean>;
}

type PartResult =
  | { readonly next: 'done' }
  /** Posting may be repeated after `waitMs`. `unsure`: it may be in the chat after all. */
  | { readonly next: 'again'; readonly waitMs: number; readonly unsure: boolean }
  | { readonly next: 'park'; readonly error: GroupMeError };

/** Posts one part by one call, finds out how it ended, and tells the audit. */
export interface PartPoster {
  /** @param ended cuts the settling of a doubt short; the part is then to be posted again or settled by another. */
  post(part: PartInHand, ended: AbortSignal): Promise<PartResult>;
  /**
   * Finds out whether another relay, or we before an interruption, posted the part and could not say so.
   *
   * @returns whether it is in the chat, as far as one can know; undefined when `ended` came first.
   */
  settle(part: PartInHand, ended: AbortSignal): Promise<'shown' | 'not-shown' | 'unsure' | undefined>;
}

export interface PartPosterOptions {
  readonly groupme: Pick<GroupMeClient, 'postMessage'>;
  /** Published in events as the original did; never logged. */
  readonly botId: string;
  readonly pacer: Pacer;
  readonly trouble: Trouble;
  readonly ledger: Ledger;
  readonly evidence: EvidenceSource;
  readonly events: EventPublisher;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
}

/**
 * Namespace of the ids of post events. A call is known by its relay and its number. But a relay that was frozen in a
 * call, and the one that settled that call in its place, both tell of it, under one id, and so write one row.
 */
const CALL_NAMESPACE = '0d6c7a5e-6f0a-5b7c-8d55-52c4f4a1b0c9';

/** The settling was cut short. */
const UNSETTLED: Settlement = { evidence: 'none', sure: false };

interface Call {
  /** Made by this relay, not found to have been made by another. */
  readonly ours: boolean;
  readonly attempt: number;
  readonly sentAtMs: number;
  readonly code: number;
  readonly durationMs: number;
  readonly outcome: Outcome;
  readonly evidence?: Evidence;
  readonly error?: string;
}

export function createPartPoster(options: PartPosterOptions): PartPoster {
  const { events, ledger, logger, metrics, pacer, trouble } = options;
  const instance = uuidv7();

  async function post(inHand: PartInHand, ended: AbortSignal): Promise<PartResult> {
    const part = partOf(inHand);
    const sentAtMs = Date.now();
    const entry = ledger.open(ledgerPart(inHand), sentAtMs);
    pacer.posted();
    try {
      const { status, durationMs } = await options.groupme.postMessage({
        text: part.text,
        ...(part.picture_url === undefined ? {} : { pictureUrl: part.picture_url }),
      });
      pacer.accepted();
      over();
      metrics.postSeconds.observe(durationMs / 1000);
      entry.delivered = true;
      await tell(inHand, {
        ours: true,
        attempt: entry.attempts,
        sentAtMs,
        code: status,
        durationMs,
        outcome: 'delivered',
      });
      return { next: 'done' };
    } catch (error) {
      if (!(error instanceof GroupMeError)) throw error;
      return fail(inHand, entry, sentAtMs, error, ended);
    }
  }

  async function fail(
    inHand: PartInHand,
    entry: LedgerEntry,
    sentAtMs: number,
    error: GroupMeError,
    ended: AbortSignal,
  ): Promise<PartResult> {
    const { outcome, next } = classifyFailure(error);
    const call = {
      ours: true,
      attempt: entry.attempts,
      sentAtMs,
      code: error.status,
      durationMs: error.durationMs,
    };
    if (next === 'park') {
      await tell(inHand, { ...call, outcome, error: error.message });
      return { next, error };
    }
    const backOffMs = trouble.failed(outcome, `GroupMe: ${error.message}`);
    const waitMs = next === 'pace' ? pacer.refused(error.retryAfterMs) : backOffMs;
    if (!(error instanceof GroupMeUnknownOutcomeError)) {
      await tell(inHand, { ...call, outcome, error: error.message }, waitMs);
      return { next: 'again', waitMs, unsure: false };
    }
    entry.doubtful = true;
    const { evidence, sure } = (await options.evidence.settle(entry, ended)) ?? UNSETTLED;
    if (evidence === 'none') {
      await tell(inHand, { ...call, outcome, evidence, error: error.message }, waitMs);
      return { next: 'again', waitMs, unsure: !sure };
    }
    over();
    entry.delivered = true;
    await tell(inHand, { ...call, outcome: 'delivered', evidence, error: error.message });
    return { next: 'done' };
  }

  async function settle(
    inHand: PartInHand,
    ended: AbortSignal,
  ): Promise<'shown' | 'not-shown' | 'unsure' | undefined> {
    const entry = ledger.suspect(ledgerPart(inHand), inHand.planned.planned_at);
    const settlement = await options.evidence.settle(entry, ended);
    if (settlement === undefined) return undefined;
    const { evidence, sure } = settlement;
    if (evidence === 'none') return sure ? 'not-shown' : 'unsure';
    entry.delivered = true;
    await tell(inHand, {
      ours: false,
      attempt: entry.attempts,
      sentAtMs: entry.firstSentAtMs,
      code: 0,
      durationMs: 0,
      outcome: 'delivered',
      evidence,
      error: 'posted by a relay that could not tell how it ended',
    });
    return 'shown';
  }

  function over(): void {
    const troubleMs = trouble.over();
    if (troubleMs !== undefined)
      logger.info({ trouble_ms: Math.round(troubleMs) }, 'posts get through again');
  }

  /** One log line and one audit event for each call. */
  async function tell(inHand: PartInHand, call: Call, retryInMs?: number): Promise<void> {
    const { planned, number } = inHand;
    metrics.posts.inc({ outcome: call.outcome });
    logger[LEVELS[call.outcome] ?? 'warn'](
      {
        message_id: planned.wbor_message_id,
        source: planned.source,
        part: number,
        parts: planned.parts.length,
        attempt: call.attempt,
        outcome: call.outcome,
        ...(call.evidence === undefined ? {} : { evidence: call.evidence }),
        code: call.code,
        duration_ms: Math.round(call.durationMs),
        ...(call.error === undefined ? {} : { error: call.error }),
        ...(retryInMs === undefined ? {} : { retry_in_ms: Math.round(retryInMs) }),
      },
      call.outcome === 'delivered'
        ? 'posted'
        : call.outcome === 'misconfigured'
          ? 'GroupMe does not accept the bot; nothing is lost; check GROUPME_BOT_ID'
          : 'a post did not get through',
    );
    const own = call.ours && (await inHand.isHeld());
    const name = own ? `${call.attempt}/${instance}` : 'settled';
    const messageId = uuidv5(`${inHand.planId}/${number}/${name}`, CALL_NAMESPACE);
    await events.post(toEvent(inHand, call, options.botId), { messageId, planId: inHand.planId });
  }

  return { post, settle };
}

const LEVELS: Partial<Record<Outcome, 'info' | 'error'>> = {
  delivered: 'info',
  misconfigured: 'error',
  rejected: 'error',
};

function partOf({ planned, number }: PartInHand): Part {
  const part = planned.parts[number - 1];
  if (!part) throw new RangeError(`${postEvent.key}: there is no part ${number}`);
  return part;
}

function ledgerPart(inHand: PartInHand): LedgerPart {
  const { text, picture_url } = partOf(inHand);
  const { source, wbor_message_id: messageId } = inHand.planned;
  const parts = inHand.planned.parts.length;
  const { planId, number: part } = inHand;
  return { planId, messageId, source, part, parts, text, pictureUrl: picture_url };
}

function toEvent(inHand: PartInHand, call: Call, botId: string): PostEvent {
  const { planned, number } = inHand;
  const { text, picture_url } = partOf(inHand);
  return {
    text,
    ...(picture_url === undefined ? {} : { picture_url }),
    bot_id: botId,
    source: planned.source,
    code: call.code,
    type: 'log',
    wbor_message_id: planned.wbor_message_id,
    part: number,
    parts: planned.parts.length,
    attempt: call.attempt,
    outcome: call.outcome,
    ...(call.evidence === undefined ? {} : { evidence: call.evidence }),
    ...(planned.sender === undefined ? {} : { sender: planned.sender }),
    ...(planned.sender_name === undefined ? {} : { sender_name: planned.sender_name }),
    sent_at: new Date(call.sentAtMs).toISOString(),
    duration_ms: Math.round(call.durationMs),
    ...(call.error === undefined ? {} : { error: call.error }),
  };
}
