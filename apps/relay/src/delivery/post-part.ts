import { untilAborted } from '@wbor/async';
import type { Part } from '@wbor/contracts';
import { type CallOutcome, classifyFailure, type GroupMeClient, GroupMeError } from '@wbor/groupme';
import type { Logger } from '@wbor/service';
import { v7 as uuidv7 } from 'uuid';
import type { RelayMetrics } from '../metrics.ts';
import type { ProgressTeller } from '../notify/progress.ts';
import type { Clock } from './clock.ts';
import type { HeldMessage } from './inbox.ts';
import type { Journal } from './reconcile/journal.ts';
import type { CallAnswer, Ledger, LedgerCall, LedgerEntry, LedgerPart } from './reconcile/ledger.ts';
import type { ChatObserver, Observation } from './reconcile/observe-chat.ts';
import type { ResultRecorder } from './record-result.ts';
import type { Throttle } from './throttle.ts';

/**
 * Posts one part by one call, finds out how the call ended, and records it. What is known of the call stands in the
 * ledger afterwards.
 */
export interface PartPoster {
  /**
   * Makes one call.
   *
   * @param number the part's, counted from 1. No call for it is open.
   * @param announceWithinMs how long the broker may take to store that the call is about to be made.
   * @returns how the call ended; or that none was made, since it could not be announced in time, or the message was taken
   *   from us.
   */
  post(
    message: HeldMessage,
    number: number,
    lost: AbortSignal,
    announceWithinMs: number,
  ): Promise<CallOutcome | 'not-announced'>;
  /**
   * Looks in the chat for the post of the part's open call, and records the call's result if that shows it for certain.
   *
   * @returns undefined when `lost` was aborted first. Whoever has the message next reconciles it.
   */
  reconcile(message: HeldMessage, number: number, lost: AbortSignal): Promise<Observation | undefined>;
  /**
   * Ends an open call by what the chat has shown up to now.
   *
   * @returns whether the part is in the chat.
   */
  conclude(message: HeldMessage, number: number): Promise<boolean>;
  /** Resolves once the broker has stored how the last call ended; undefined when it has. */
  readonly recording: Promise<void> | undefined;
}

export interface PartPosterOptions {
  readonly groupme: Pick<GroupMeClient, 'postMessage'>;
  readonly throttle: Throttle;
  readonly ledger: Ledger;
  readonly journal: Pick<Journal, 'announce'>;
  readonly observer: ChatObserver;
  readonly recorder: ResultRecorder;
  readonly progress: Pick<ProgressTeller, 'posting' | 'inDoubt'>;
  readonly metrics: Pick<RelayMetrics, 'postSeconds' | 'retries'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Node's timers take no more. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export function createPartPoster(options: PartPosterOptions): PartPoster {
  const { clock, journal, ledger, progress, throttle } = options;
  const results = createResults(options);

  /**
   * A relay that was frozen finds out here that its message has gone to another. While it has not, whoever is given the message
   * next reads of this call.
   *
   * @returns whether the call is to be made.
   */
  async function announce(
    { delivery }: HeldMessage,
    part: LedgerPart,
    call: LedgerCall,
    lost: AbortSignal,
    withinMs: number,
  ): Promise<boolean> {
    const late = new AbortController();
    const cancel = clock.alarm(clock.now() + Math.min(withinMs, MAX_TIMEOUT_MS), () => late.abort());
    const giveUp = AbortSignal.any([lost, late.signal]);
    try {
      if (!(await journal.announce(delivery, part, call, giveUp))) return false;
      if (results.recording === undefined) return true;
      // It was published first, so this takes no time as a rule. If it does, the message may have been taken from us meanwhile.
      await Promise.race([results.recording, untilAborted(giveUp)]);
      return !giveUp.aborted && (await delivery.isHeld());
    } finally {
      cancel();
    }
  }

  return {
    async post(message, number, lost, announceWithinMs) {
      const part = ledgerPart(message, number);
      const attempt = (ledger.find(part.planId, part.part)?.lastCall.attempt ?? 0) + 1;
      const intended = { id: uuidv7(), attempt, sentAtMs: Date.now() };
      if (!(await announce(message, part, intended, lost, announceWithinMs))) return 'not-announced';
      const entry = ledger.begin(part, { ...intended, sentAtMs: Date.now() });
      throttle.calling();
      progress.posting(message.planned, number);
      if (attempt > 1) options.metrics.retries.inc();
      try {
        const { status, durationMs } = await options.groupme.postMessage({
          text: part.text,
          ...(part.pictureUrl === undefined ? {} : { pictureUrl: part.pictureUrl }),
        });
        options.metrics.postSeconds.observe(durationMs / 1000);
        return await results.accepted(message, entry, { code: status, durationMs });
      } catch (error) {
        if (!(error instanceof GroupMeError)) throw error;
        return results.failed(message, entry, error);
      }
    },
    async reconcile(message, number, lost) {
      const entry = openCall(ledger, message, number);
      const observation =
        entry.shownAs === undefined ? await options.observer.observe(entry, lost) : 'observed';
      if (observation === undefined) return undefined;
      if (observation === 'undetermined') {
        results.undetermined(message, entry);
        return observation;
      }
      return (await results.bySight(message, entry)) ? 'observed' : 'absent';
    },
    conclude: (message, number) => results.bySight(message, openCall(ledger, message, number)),
    get recording() {
      return results.recording;
    },
  };
}

/** Enters how a call ended: into the throttle, the ledger, the log and the audit. */
function createResults({ ledger, logger, progress, recorder, throttle }: PartPosterOptions) {
  let recording: Promise<void> | undefined;

  function logRecovery(outageMs: number | undefined): void {
    if (outageMs === undefined) return;
    logger.info({ outage_ms: Math.round(outageMs) }, 'posts get through again');
  }

  function retryIn(): { retryInMs?: number } {
    const retryInMs = throttle.waitMs();
    return retryInMs > 0 ? { retryInMs } : {};
  }

  return {
    get recording() {
      return recording;
    },
    async accepted({ planned }: HeldMessage, entry: LedgerEntry, answer: CallAnswer): Promise<CallOutcome> {
      logRecovery(throttle.accepted());
      ledger.close(entry, 'delivered', answer);
      const recorded = recorder.record(planned, entry, { outcome: 'delivered' }).finally(() => {
        recording = undefined;
      });
      // The next message's call is announced meanwhile. Between parts of one, each result is known before the next is begun.
      if (entry.part < entry.parts) await recorded;
      else recording = recorded;
      return 'delivered';
    },
    async failed({ planned }: HeldMessage, entry: LedgerEntry, error: GroupMeError): Promise<CallOutcome> {
      const outcome = classifyFailure(error);
      const answer = { code: error.status, durationMs: error.durationMs, error: error.message };
      if (outcome === 'rejected') {
        // GroupMe answers: whatever kept posts from it is over.
        throttle.recovered();
        ledger.close(entry, 'rejected', answer);
        await recorder.record(planned, entry, { outcome });
        return outcome;
      }
      const retryInMs = throttle.failed(outcome, `GroupMe: ${error.message}`, error.retryAfterMs);
      if (outcome === 'unknown') {
        // Recorded once the chat has been searched for it.
        ledger.answered(entry, answer);
        progress.inDoubt(planned, entry.part);
        return outcome;
      }
      ledger.close(entry, 'failed', answer);
      await recorder.record(planned, entry, { outcome, retryInMs });
      return outcome;
    },
    /** The chat was searched for an open call, and may show it yet. */
    undetermined({ planned }: HeldMessage, entry: LedgerEntry): void {
      ledger.examined(entry);
      recorder.log(planned, entry, { outcome: 'unknown', evidence: 'none', ...retryIn() });
    },
    /** Ends an open call: its part is in the chat if it was seen there. */
    async bySight({ planned }: HeldMessage, entry: LedgerEntry): Promise<boolean> {
      const { shownVia } = entry;
      if (shownVia === undefined) {
        ledger.close(entry, 'failed');
        await recorder.record(planned, entry, { outcome: 'unknown', evidence: 'none', ...retryIn() });
        return false;
      }
      logRecovery(throttle.recovered());
      ledger.close(entry, 'delivered');
      await recorder.record(planned, entry, { outcome: 'delivered', evidence: shownVia });
      return true;
    },
  };
}

function openCall(ledger: Ledger, { planId }: HeldMessage, number: number): LedgerEntry {
  const entry = ledger.find(planId, number);
  if (entry?.state !== 'open') throw new RangeError(`part ${number} has no open call`);
  return entry;
}

function partOf({ planned }: HeldMessage, number: number): Part {
  const part = planned.parts[number - 1];
  if (!part) throw new RangeError(`there is no part ${number}`);
  return part;
}

function ledgerPart(message: HeldMessage, number: number): LedgerPart {
  const { planId, planned } = message;
  const { text, picture_url: pictureUrl } = partOf(message, number);
  return {
    planId,
    wborMessageId: planned.wbor_message_id,
    source: planned.source,
    part: number,
    parts: planned.parts.length,
    text,
    pictureUrl,
    publishedAtMs: planned.published_at,
  };
}
