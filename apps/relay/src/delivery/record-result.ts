import type { Evidence, PlannedMessage, PostEvent } from '@wbor/contracts';
import type { CallOutcome } from '@wbor/groupme';
import type { Logger } from '@wbor/service';
import type { RelayMetrics } from '../metrics.ts';
import type { AuditEvents } from '../notify/audit-events.ts';
import type { CallAnswer, LedgerEntry } from './reconcile/ledger.ts';

/** How a call ended, with what is known of it. */
interface CallResult {
  readonly outcome: CallOutcome;
  /** For a call without an answer: what the chat showed. */
  readonly evidence?: Evidence;
  /** How long the next call waits, in milliseconds. */
  readonly retryInMs?: number;
}

/** Records how calls ended: a log line, a metric and the audit's event each. */
export interface ResultRecorder {
  /**
   * Resolves once the broker has stored the event. Its id is the call's, whichever relay records it, so that a call
   * has one row.
   */
  record(planned: PlannedMessage, entry: LedgerEntry, result: CallResult): Promise<void>;
  /** Logs and counts a call whose event follows when more is known of it. */
  log(planned: PlannedMessage, entry: LedgerEntry, result: CallResult): void;
}

/** All that is known of a call whose relay is gone. */
const RESULT_LOST: CallAnswer = {
  code: 0,
  durationMs: 0,
  error: 'previous relay stopped before recording the result',
};

const LEVELS: Partial<Record<CallOutcome, 'info' | 'error'>> = {
  delivered: 'info',
  misconfigured: 'error',
  rejected: 'error',
};

export function createResultRecorder(options: {
  /** Published in events as the original did; never logged. */
  botId: string;
  audit: Pick<AuditEvents, 'post'>;
  metrics: Pick<RelayMetrics, 'posts' | 'doubts' | 'partAccepted'>;
  logger: Logger;
}): ResultRecorder {
  function log(planned: PlannedMessage, entry: LedgerEntry, result: CallResult): void {
    const { outcome, evidence, retryInMs } = result;
    const { code, durationMs, error } = entry.answer ?? RESULT_LOST;
    options.metrics.posts.inc({ outcome });
    options.logger[LEVELS[outcome] ?? 'warn'](
      {
        wbor_message_id: planned.wbor_message_id,
        source: planned.source,
        part: entry.part,
        parts: entry.parts,
        attempt: entry.lastCall.attempt,
        outcome,
        ...(evidence === undefined ? {} : { evidence }),
        code,
        duration_ms: Math.round(durationMs),
        ...(error === undefined ? {} : { error }),
        ...(retryInMs === undefined ? {} : { retry_in_ms: Math.round(retryInMs) }),
      },
      messageFor(outcome),
    );
  }

  return {
    log,
    async record(planned, entry, result) {
      if (result.evidence !== undefined) options.metrics.doubts.inc({ evidence: result.evidence });
      if (result.outcome === 'delivered') options.metrics.partAccepted(entry);
      // A call that was searched for in vain is logged already.
      if (result.outcome !== 'unknown' || !entry.examined) log(planned, entry, result);
      await options.audit.post(toEvent(planned, entry, result, options.botId), {
        messageId: entry.lastCall.id,
        planId: entry.planId,
      });
    },
  };
}

function messageFor(outcome: CallOutcome): string {
  if (outcome === 'delivered') return 'posted';
  if (outcome !== 'misconfigured') return 'a post did not get through';
  return 'GroupMe does not accept the bot; nothing is lost; check GROUPME_BOT_ID';
}

function toEvent(
  planned: PlannedMessage,
  entry: LedgerEntry,
  { outcome, evidence }: CallResult,
  botId: string,
): PostEvent {
  const { code, durationMs, error } = entry.answer ?? RESULT_LOST;
  return {
    text: entry.text,
    ...(entry.pictureUrl === undefined ? {} : { picture_url: entry.pictureUrl }),
    bot_id: botId,
    source: planned.source,
    code,
    type: 'log',
    wbor_message_id: planned.wbor_message_id,
    part: entry.part,
    parts: entry.parts,
    attempt: entry.lastCall.attempt,
    outcome,
    ...(evidence === undefined ? {} : { evidence }),
    ...(entry.part === 1 && entry.lastCall.attempt === 1 ? wayHere(planned) : {}),
    ...(planned.sender === undefined ? {} : { sender: planned.sender }),
    ...(planned.sender_name === undefined ? {} : { sender_name: planned.sender_name }),
    sent_at: new Date(entry.lastCall.sentAtMs).toISOString(),
    duration_ms: Math.round(durationMs),
    ...(error === undefined ? {} : { error }),
  };
}

/** When the message was where: its first row tells it for all. */
function wayHere({
  planned_at,
  published_at,
}: PlannedMessage): Pick<PostEvent, 'published_at' | 'planned_at'> {
  return {
    ...(published_at === undefined ? {} : { published_at: new Date(published_at).toISOString() }),
    planned_at: new Date(planned_at).toISOString(),
  };
}
