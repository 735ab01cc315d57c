import type { Delivery } from '@wbor/amqp';
import type { Logger } from '@wbor/service';
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
  readonly parker: Parker;
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

export function startDeliverer(options: DelivererOptions): Deliverer {
  const { inbox, logger } = options;
  const decide = options.decide ?? nextStep;
  const stopping = new AbortController();
  /** The channel whose history was read. */
  let channel: { readonly id: number; readonly lost: AbortSignal } | undefined;

  async function onDelivery(delivery: Delivery): Promise<void> {
    const reading = options.outbox.read(delivery);
    if (reading.ok) return inbox.offer(reading.value, delivery);
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
        const planId = await options.resume.readHistory(channel.lost);
        if (planId !== undefined) inbox.expect(planId);
        continue;
      }
      const message = inbox.next();
      if (channel === undefined || message === undefined) {
        await inbox.changed(Number.POSITIVE_INFINITY);
        continue;
      }
      await take(message, channel.lost);
      // What is complete by now is acknowledged, anything else is left.
      if (stopping.signal.aborted && inbox.holds(message)) await take(message, channel.lost);
    }
    inbox.close();
  }

  /** Takes the next step of one message. A fault of ours costs that message a requeue, and the others nothing. */
  async function take(message: HeldMessage, lost: AbortSignal): Promise<void> {
    try {
      const facts = factsOf(message, options);
      await options.runner.run(decide({ ...facts, stopping: stopping.signal.aborted }), message, lost);
      // Whether it is begun by now decides whose turn is next.
      examineCall(message, options.ledger);
    } catch (error) {
      // Nothing may come between its parts while it is given back.
      if (message.begun) inbox.expect(message.planId);
      inbox.release(message, message.delivery.signal.aborted ? {} : { error });
    }
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

/** What is known of the message whose turn it is. */
function factsOf(message: HeldMessage, options: DelivererOptions): Omit<Facts, 'stopping'> {
  const { bans, clock, inbox, ledger, throttle } = options;
  const { delivery, lane, planned } = message;
  message.done ??= options.resume.partsDone(message);
  const { call, openCall } = examineCall(message, ledger);
  const nowMs = clock.now();
  return {
    lost: delivery.signal.aborted,
    holdExpired: nowMs - (inbox.heldSinceMs ?? nowMs) >= options.renewHoldMs,
    // A copy that its producer sends again is tried again.
    rejected: call?.state === 'rejected' && (message.tried || delivery.redelivered),
    done: message.done,
    parts: planned.parts.length,
    begun: message.begun,
    late: planned.deliver_by !== undefined && clock.epochMs() >= planned.deliver_by,
    sender: senderState(planned.sender, bans),
    openCall,
    waitMs: throttle.waitMs({ ignoreBackOff: lane === 'urgent' && call === undefined }),
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
