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
import { v7 as uuidv7 } from 'uuid';
import { classifyFailure } from '../classify-failure.ts';
import type { RelayMetrics } from '../metrics.ts';
import type { AuditEvents } from '../notify/audit-events.ts';
import type { Pacer } from './pacer.ts';
import type { EvidenceSource } from './reconcile/evidence.ts';
import type { Journal } from './reconcile/journal.ts';
import type { Ledger, LedgerCall, LedgerEntry, LedgerPart } from './reconcile/ledger.ts';
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
  | { readonly next: 'park'; readonly error: GroupMeError }
  /** The message is somebody else's now; no call was made. */
  | { readonly next: 'leave' };

/** `unsure`: nothing shows it, but it may show yet. `unsettled`: we were stopped before we knew. */
type Settled = 'shown' | 'not-shown' | 'unsure' | 'unsettled';

/** Posts one part by one call, finds out how it ended, and tells the audit. */
export interface PartPoster {
  /** @param ended cuts the settling of a doubt short; whoever has the message next settles it. */
  post(part: PartInHand, ended: AbortSignal): Promise<PartResult>;
  /**
   * Finds out what became of a call that another relay, or we before an interruption, began and did not tell of. At
   * once where there is none.
   */
  settle(part: PartInHand, ended: AbortSignal): Promise<Settled>;
}

export interface PartPosterOptions {
  readonly groupme: Pick<GroupMeClient, 'postMessage'>;
  /** Published in audit as the original did; never logged. */
  readonly botId: string;
  readonly pacer: Pacer;
  readonly trouble: Trouble;
  readonly ledger: Ledger;
  readonly journal: Pick<Journal, 'announce'>;
  readonly evidence: EvidenceSource;
  readonly audit: AuditEvents;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
}

/** What is known of a call's end by itself, before anybody looks into the chat. */
interface CallFacts {
  readonly code: number;
  readonly durationMs: number;
  readonly error?: string;
}

interface CallEnd extends CallFacts {
  readonly outcome: Outcome;
  readonly evidence?: Evidence;
}

/** All that is known of a call whose relay is gone. */
const RESULT_LOST: CallFacts = {
  code: 0,
  durationMs: 0,
  error: 'previous relay stopped before recording the result',
};

export function createPartPoster(options: PartPosterOptions): PartPoster {
  const { audit, journal, ledger, logger, metrics, pacer, trouble } = options;
  /** Of our calls that are still open. */
  const factsOfOpen = new WeakMap<LedgerCall, CallFacts>();
  /** Calls that are open still after a look, and logged as such. */
  const unsure = new WeakSet<LedgerCall>();

  async function post(inHand: PartInHand, ended: AbortSignal): Promise<PartResult> {
    const part = ledgerPart(inHand);
    const before = ledger.find(inHand.planId, inHand.number);
    if (before?.state === 'open' && (await close(inHand, before)) === 'shown') return { next: 'done' };

    const intended = { id: uuidv7(), attempt: (before?.lastCall.attempt ?? 0) + 1, sentAtMs: Date.now() };
    if (!(await journal.announce(part, intended, ended))) return { next: 'leave' };
    // A relay that was frozen finds out here that its message has gone to another, and that one reads of this call.
    if (!(await inHand.isHeld())) return { next: 'leave' };
    const entry = ledger.begin(part, { ...intended, sentAtMs: Date.now() });
    pacer.posted();
    try {
      const { status, durationMs } = await options.groupme.postMessage({
        text: part.text,
        ...(part.pictureUrl === undefined ? {} : { pictureUrl: part.pictureUrl }),
      });
      pacer.accepted();
      over();
      metrics.postSeconds.observe(durationMs / 1000);
      entry.state = 'delivered';
      await tell(inHand, entry, { outcome: 'delivered', code: status, durationMs });
      return { next: 'done' };
    } catch (error) {
      if (!(error instanceof GroupMeError)) throw error;
      return fail(inHand, entry, error, ended);
    }
  }

  async function fail(
    inHand: PartInHand,
    entry: LedgerEntry,
    error: GroupMeError,
    ended: AbortSignal,
  ): Promise<PartResult> {
    const { outcome, next } = classifyFailure(error);
    const facts = { code: error.status, durationMs: error.durationMs, error: error.message };
    if (next === 'park') {
      entry.state = 'rejected';
      await tell(inHand, entry, { ...facts, outcome });
      return { next, error };
    }
    const backOffMs = trouble.failed(outcome, `GroupMe: ${error.message}`);
    const waitMs = next === 'pace' ? pacer.refused(error.retryAfterMs) : backOffMs;
    if (!(error instanceof GroupMeUnknownOutcomeError)) {
      entry.state = 'failed';
      await tell(inHand, entry, { ...facts, outcome }, waitMs);
      return { next: 'again', waitMs, unsure: false };
    }
    factsOfOpen.set(entry.lastCall, facts);
    const settled = await lookFor(inHand, entry, ended, waitMs);
    if (settled === 'shown') return { next: 'done' };
    return { next: 'again', waitMs, unsure: settled !== 'not-shown' };
  }

  async function settle(inHand: PartInHand, ended: AbortSignal): Promise<Settled> {
    const entry = ledger.find(inHand.planId, inHand.number);
    return entry?.state === 'open' ? lookFor(inHand, entry, ended) : 'not-shown';
  }

  /** Looks for the post of an open call in the chat. */
  async function lookFor(
    inHand: PartInHand,
    entry: LedgerEntry,
    ended: AbortSignal,
    retryInMs?: number,
  ): Promise<Settled> {
    const settlement = await options.evidence.settle(entry, ended);
    if (settlement === undefined) return 'unsettled';
    if (settlement.evidence !== 'none' || settlement.sure) return close(inHand, entry, retryInMs);
    unsure.add(entry.lastCall);
    log(inHand, entry, { ...factsOf(entry), outcome: 'unknown', evidence: 'none' }, retryInMs);
    return 'unsure';
  }

  /** Tells of an open call, by what the chat has shown up to now. */
  async function close(
    inHand: PartInHand,
    entry: LedgerEntry,
    retryInMs?: number,
  ): Promise<'shown' | 'not-shown'> {
    const facts = factsOf(entry);
    if (entry.shownVia === undefined) {
      entry.state = 'failed';
      await tell(inHand, entry, { ...facts, outcome: 'unknown', evidence: 'none' }, retryInMs);
      return 'not-shown';
    }
    over();
    entry.state = 'delivered';
    await tell(inHand, entry, { ...facts, outcome: 'delivered', evidence: entry.shownVia });
    return 'shown';
  }

  function factsOf(entry: LedgerEntry): CallFacts {
    return factsOfOpen.get(entry.lastCall) ?? RESULT_LOST;
  }

  function over(): void {
    const troubleMs = trouble.over();
    if (troubleMs !== undefined)
      logger.info({ trouble_ms: Math.round(troubleMs) }, 'posts get through again');
  }

  /** One log line and one audit event for each call; the event's id is the call's, whichever relay tells of it. */
  async function tell(
    inHand: PartInHand,
    entry: LedgerEntry,
    end: CallEnd,
    retryInMs?: number,
  ): Promise<void> {
    if (end.outcome !== 'unknown' || !unsure.has(entry.lastCall)) log(inHand, entry, end, retryInMs);
    await audit.post(toEvent(inHand, entry, end, options.botId), {
      messageId: entry.lastCall.id,
      planId: inHand.planId,
    });
  }

  function log({ planned }: PartInHand, entry: LedgerEntry, end: CallEnd, retryInMs?: number): void {
    metrics.posts.inc({ outcome: end.outcome });
    logger[LEVELS[end.outcome] ?? 'warn'](
      {
        wbor_message_id: planned.wbor_message_id,
        source: planned.source,
        part: entry.part,
        parts: entry.parts,
        attempt: entry.lastCall.attempt,
        outcome: end.outcome,
        ...(end.evidence === undefined ? {} : { evidence: end.evidence }),
        code: end.code,
        duration_ms: Math.round(end.durationMs),
        ...(end.error === undefined ? {} : { error: end.error }),
        ...(retryInMs === undefined ? {} : { retry_in_ms: Math.round(retryInMs) }),
      },
      end.outcome === 'delivered'
        ? 'posted'
        : end.outcome === 'misconfigured'
          ? 'GroupMe does not accept the bot; nothing is lost; check GROUPME_BOT_ID'
          : 'a post did not get through',
    );
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
  const { text, picture_url: pictureUrl } = partOf(inHand);
  const { planId, number: part, planned } = inHand;
  const { source, wbor_message_id: messageId } = planned;
  return { planId, messageId, source, part, parts: planned.parts.length, text, pictureUrl };
}

function toEvent({ planned }: PartInHand, entry: LedgerEntry, end: CallEnd, botId: string): PostEvent {
  return {
    text: entry.text,
    ...(entry.pictureUrl === undefined ? {} : { picture_url: entry.pictureUrl }),
    bot_id: botId,
    source: planned.source,
    code: end.code,
    type: 'log',
    wbor_message_id: planned.wbor_message_id,
    part: entry.part,
    parts: entry.parts,
    attempt: entry.lastCall.attempt,
    outcome: end.outcome,
    ...(end.evidence === undefined ? {} : { evidence: end.evidence }),
    ...(planned.sender === undefined ? {} : { sender: planned.sender }),
    ...(planned.sender_name === undefined ? {} : { sender_name: planned.sender_name }),
    sent_at: new Date(entry.lastCall.sentAtMs).toISOString(),
    duration_ms: Math.round(end.durationMs),
    ...(end.error === undefined ? {} : { error: end.error }),
  };
}
