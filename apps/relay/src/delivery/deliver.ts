import type { Delivery } from '@wbor/amqp';
import { errorMessage, sleep } from '@wbor/async';
import type { Logger } from '@wbor/service';
import { describeSpan } from '@wbor/tracing';
import type { Bans } from '../moderation/bans.ts';
import type { Outbox } from '../outbox.ts';
import type { Parker } from '../park.ts';
import type { Clock } from './clock.ts';
import type { HeldMessage, Inbox } from './inbox.ts';
import { type Facts, nextStep, type Step } from './next-step.ts';
import type { Ledger, LedgerEntry } from './reconcile/ledger.ts';
import type { Resume } from './reconcile/resume.ts';
import type { StepRunner } from './run-step.ts';
import type { Throttle } from './throttle.ts';

/** Stage 2: posts planned messages, one call at a time. One loop owns all messages in hand. */
export interface Deliverer {
  /** Takes a delivery of one of the outbox queues in hand. Resolves once it is settled, or left to the broker. */
  onDelivery(delivery: Delivery): Promise<void>;
  /**
   * Ends waits, and the loop after the step that is under way. What is in hand is left to the broker; parts that are
   * done are recorded.
   */
  stop(): void;
}

export interface DelivererOptions {
  readonly outbox: Pick<Outbox, 'read'>;
  readonly inbox: Inbox;
  readonly resume: Resume;
  readonly ledger: Pick<Ledger, 'find'>;
  readonly throttle: Throttle;
  readonly bans: Pick<Bans, 'isBannedNow' | 'certain'>;
  readonly runner: StepRunner;
  readonly parker: Pick<Parker, 'park'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /**
   * Messages are held at most this long, then given back to the broker, which delivers them again: the broker's own
   * limit for holding one is 30 minutes, and it closes the channel then.
   */
  readonly renewHoldMs: number;
  /** Default: the table of `next-step.ts`. */
  readonly decide?: (facts: Facts) => Step;
}

/** So long nothing is in hand before an outage counts as past: a renewal of the hold takes less. */
const FORGET_OUTAGE_MS = 5_000;
const FAULT_PAUSE_MS = 1_000;
/** Faults of one message after which it is parked, so that it does not stop all others. */
const MAX_FAULTS = 5;

export function startDeliveryLoop(options: DelivererOptions): Deliverer {
  const { inbox, logger, runner } = options;
  const decide = options.decide ?? nextStep;
  const stopping = new AbortController();
  /** The channel whose history was read. */
  let channel: { readonly id: number; readonly lost: AbortSignal } | undefined;

  async function onDelivery(delivery: Delivery): Promise<void> {
    const reading = options.outbox.read(delivery);
    if (reading.ok) {
      const { source, wbor_message_id } = reading.value.planned;
      describeSpan({ 'wbor.message_id': wbor_message_id, 'wbor.source': source });
      return inbox.offer(reading.value, delivery);
    }
    const { messageId, queue } = delivery;
    const error = `not a planned message of this version: ${reading.fault.message}`;
    logger.error({ queue, amqp_message_id: messageId, error }, 'parked an invalid outbox message');
    await options.parker.park(delivery, { queue, reason: 'invalid-message', error });
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      const opened = inbox.channel;
      if (opened !== undefined && opened.id !== channel?.id) {
        channel = { id: opened.id, lost: AbortSignal.any([stopping.signal, opened.lost]) };
        const startedMs = options.clock.now();
        const planId = await options.resume.readHistory(channel.lost);
        if (planId !== undefined) inbox.expect(planId);
        inbox.extendHold(options.clock.now() - startedMs);
        continue;
      }
      const message = inbox.next();
      if (channel === undefined || message === undefined) {
        await rest();
        continue;
      }
      await take(message, channel.lost);
      // What is complete by now is acknowledged, anything else is left.
      if (stopping.signal.aborted && inbox.holds(message)) await take(message, channel.lost);
    }
    inbox.close();
  }

  /** Waits for a message. What kept posts from getting through before a long rest, the next one finds out anew. */
  async function rest(): Promise<void> {
    const forgetAtMs =
      inbox.size === 0 && options.throttle.outage !== undefined
        ? options.clock.now() + FORGET_OUTAGE_MS
        : Number.POSITIVE_INFINITY;
    await inbox.changed(forgetAtMs);
    if (inbox.size === 0 && options.clock.now() >= forgetAtMs) options.throttle.recovered();
  }

  async function take(message: HeldMessage, lost: AbortSignal): Promise<void> {
    try {
      const facts = factsOf(message, options);
      const step = decide({ ...facts, stopping: stopping.signal.aborted });
      await message.within(() => runner.run(step, message, lost));
    } catch (error) {
      await handleFault(message, errorMessage(error), options, lost);
    }
    // Whether it is begun by now decides whose turn is next.
    examineCall(message, options.ledger);
  }

  void loop();
  return {
    onDelivery,
    stop() {
      stopping.abort();
      inbox.wake();
    },
  };
}

/** A fault of ours: the message keeps its place and is tried again, and is parked when that does not help. */
async function handleFault(
  message: HeldMessage,
  error: string,
  { inbox, logger, runner }: DelivererOptions,
  lost: AbortSignal,
): Promise<void> {
  if (message.delivery.signal.aborted) return inbox.release(message);
  message.faults += 1;
  const { wbor_message_id, source } = message.planned;
  logger.error({ wbor_message_id, source, attempt: message.faults, error }, 'a step of the delivery failed');
  if (message.faults < MAX_FAULTS) {
    await sleep(FAULT_PAUSE_MS, lost);
    return;
  }
  await runner.giveUp(message, error).catch(() => inbox.release(message));
}

/** What is known of the message whose turn it is. */
function factsOf(message: HeldMessage, options: DelivererOptions): Omit<Facts, 'stopping'> {
  const { bans, clock, inbox, ledger, throttle } = options;
  const { delivery, lane, planned } = message;
  // What is lost is let go, whatever is known of it.
  if (!delivery.signal.aborted) message.done ??= options.resume.partsDone(message);
  const { call, openCall } = examineCall(message, ledger);
  const nowMs = clock.now();
  return {
    lost: delivery.signal.aborted,
    holdExpired: nowMs - (inbox.oldestHeldSinceMs ?? nowMs) >= options.renewHoldMs,
    // A copy that its producer sends again later is tried again.
    rejected: call?.state === 'rejected' && call.lastCall.sentAtMs >= planned.planned_at,
    done: message.done ?? 0,
    parts: planned.parts.length,
    begun: message.begun,
    late: planned.deliver_by !== undefined && clock.epochMs() >= planned.deliver_by,
    sender: senderState(planned.sender, bans),
    openCall,
    waitMs: Math.max(
      throttle.waitMs({ ignoreBackOff: lane === 'urgent' && call === undefined }),
      message.notBeforeMs - nowMs,
    ),
  };
}

/** Looks up the last call for the message's next part, and says by it whether the message is begun. */
function examineCall(
  message: HeldMessage,
  ledger: DelivererOptions['ledger'],
): { call: LedgerEntry | undefined; openCall: Facts['openCall'] } {
  const done = message.done ?? 0;
  const call = ledger.find(message.planId, done + 1);
  const openCall = stateOfOpen(call);
  message.begun = done > 0 || openCall !== 'none' || call?.doubted === true;
  return { call, openCall };
}

function stateOfOpen(call: LedgerEntry | undefined): Facts['openCall'] {
  if (call?.state !== 'open') return 'none';
  if (call.shownAs !== undefined) return 'shown';
  return call.examined ? 'undetermined' : 'unexamined';
}

function senderState(sender: string | undefined, bans: DelivererOptions['bans']): Facts['sender'] {
  // Most messages have no sender: they must not wait for a moderator.
  if (sender === undefined) return 'allowed';
  if (!bans.certain) return 'uncertain';
  return bans.isBannedNow(sender) ? 'banned' : 'allowed';
}
