import type { Delivery } from '@wbor/amqp';
import { type PlannedMessage, plannedMessageSchema } from '@wbor/contracts';
import type { GroupMeError } from '@wbor/groupme';
import type { Logger } from '@wbor/service';
import { v7 as uuidv7 } from 'uuid';
import type { RelayMetrics } from '../metrics.ts';
import type { Bans } from '../moderation/bans.ts';
import type { NotPosted } from '../notify/not-posted.ts';
import { type ProducerNotifier, replyTargetOf } from '../notify/producer.ts';
import type { Lane } from '../outbox.ts';
import type { Parker } from '../park.ts';
import type { HalfPosted } from './half-posted.ts';
import { type Hold, startHold } from './hold.ts';
import type { Pacer } from './pacer.ts';
import type { PartPoster } from './part-poster.ts';
import type { TakeOver } from './reconcile/take-over.ts';
import { sleep } from './sleep.ts';
import type { Trouble } from './trouble.ts';
import type { Turns } from './turns.ts';

/** Stage 2: posts the parts of planned messages, one at a time, in order. */
export interface Deliverer {
  /** Handles a delivery of one of the outboxes. */
  onDelivery(lane: Lane, delivery: Delivery): Promise<void>;
  /** Ends waits. The message in hand is left to the next process; its parts that are done are recorded. */
  stop(): void;
}

export interface DelivererOptions {
  /** Full queue names, for parking. */
  readonly queues: Readonly<Record<Lane, string>>;
  readonly turns: Turns;
  readonly pacer: Pacer;
  readonly trouble: Trouble;
  readonly halfPosted: HalfPosted;
  readonly takeOver: TakeOver;
  readonly poster: PartPoster;
  readonly moderation: Pick<Bans, 'isBanned' | 'isBannedNow'>;
  readonly notPosted: NotPosted;
  readonly producer: ProducerNotifier;
  readonly parker: Parker;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
  /**
   * A message is held at most this long, then handed back to the broker, which gives it to us again: the
   * broker's own limit for holding one is 30 minutes, and it closes the channel then.
   */
  readonly renewHoldMs: number;
}

/** A message in hand. */
interface Holding {
  /** The message is ours no longer, or we are stopping. */
  readonly taken: AbortSignal;
  /** That, or the hold must be renewed. */
  readonly ended: AbortSignal;
  readonly hold: Hold;
  /** Whether it is this message's turn. */
  readonly turn: { held: boolean };
  /** Whether some of it may be in the chat. */
  begun: boolean;
}

/** What became of a message: settled with the broker, or left for it to deliver again. */
type Ending = 'settled' | 'left';

export function createDeliverer(options: DelivererOptions): Deliverer {
  const { halfPosted, logger, pacer, poster, takeOver, turns } = options;
  const stopping = new AbortController();

  async function onDelivery(lane: Lane, delivery: Delivery): Promise<void> {
    const planned = parsePlanned(delivery.content);
    if (!planned) {
      logger.error({ queue: options.queues[lane] }, 'parked an invalid outbox message');
      const error = 'not a planned message of this version';
      await options.parker.park(delivery, { queue: options.queues[lane], reason: 'invalid-message', error });
      return;
    }
    const hold = startHold(options.renewHoldMs);
    // Settling a doubt is not cut short by a renewal: it is bounded, and would have to begin again.
    const taken = AbortSignal.any([stopping.signal, delivery.signal]);
    const ended = AbortSignal.any([taken, hold.signal]);
    await takeOver.notice(delivery, ended);
    const turn = { held: await takeTurn(lane, planned.wbor_message_id, ended) };
    const holding: Holding = { taken, ended, hold, turn, begun: false };
    let ending: Ending = 'left';
    try {
      if (turn.held) {
        halfPosted.resume(planned.wbor_message_id);
        ending = await deliver(lane, delivery, planned, holding);
      }
    } finally {
      hold.stop();
      // An emergency that is merely renewed must not be passed by the next one.
      const keepsPlace = holding.begun || (lane === 'urgent' && turn.held);
      if (ending === 'left' && keepsPlace) halfPosted.expect(planned.wbor_message_id);
      if (turn.held) turns.release();
    }
    // What kept posts from getting through is another relay's affair now, or the next message finds it out.
    if (ending === 'settled' || delivery.signal.aborted) options.trouble.over();
    // Left unsettled when we stop: closing the channel returns the message. Renewing it, we get it back.
    if (ending === 'left' && hold.signal.aborted && !stopping.signal.aborted) delivery.requeue();
  }

  async function deliver(
    lane: Lane,
    delivery: Delivery,
    planned: PlannedMessage,
    holding: Holding,
  ): Promise<Ending> {
    const { taken, ended, hold } = holding;
    const planId = delivery.messageId ?? uuidv7();
    const parts = planned.parts.length;
    // A take-over is bounded, and does not count: there must be time for a post after it.
    hold.stop();
    const before = await takeOver.resume(delivery, planned, planId, taken);
    if (before === undefined) return 'left';
    hold.restart();
    let { done } = before;
    if (done >= parts && !delivery.redelivered) options.metrics.posts.inc({ outcome: 'repeated' });
    holding.begun = before.begun;
    while (done < parts) {
      // Nothing of it can be in the chat yet: that is the time to step back, or to be too late.
      if (!holding.begun) {
        if (isLate(planned)) return expire(delivery, planned, planId);
        if (await options.moderation.isBanned(planned.sender, ended)) return block(delivery, planned);
        if (lane === 'normal' && turns.urgentWaits && !(await stepBack(planned, holding))) return 'left';
      }
      if (!(await pause(pacer.delayMs(), lane, planned, holding))) return 'left';
      if (!holding.begun && (isLate(planned) || (lane === 'normal' && turns.urgentWaits))) continue;
      if (ended.aborted || !(await delivery.isHeld())) return 'left';
      // Heard of while we waited: the last moment at which nothing of it is in the chat.
      if (!holding.begun && options.moderation.isBannedNow(planned.sender)) return block(delivery, planned);
      const result = await poster.post({ planned, planId, number: done + 1, isHeld: delivery.isHeld }, taken);
      if (result.next === 'leave') return 'left';
      if (result.next === 'park') {
        await parkRest(lane, delivery, planned, done, result.error);
        return 'settled';
      }
      if (result.next === 'done') {
        done += 1;
        holding.begun = true;
      } else {
        holding.begun ||= result.unsure;
        if (!(await pause(result.waitMs, lane, planned, holding))) return 'left';
      }
    }
    options.producer.succeeded(replyTargetOf(planned));
    delivery.ack();
    return 'settled';
  }

  /** Waits for the turn, behind a message that is half in the chat. False when `ended` came first. */
  async function takeTurn(lane: Lane, messageId: string, ended: AbortSignal): Promise<boolean> {
    for (;;) {
      await halfPosted.yieldTo(messageId, ended);
      if (!(await turns.take(lane, ended))) return false;
      if (!halfPosted.isBehind(messageId)) return true;
      turns.release();
    }
  }

  /** Waits; a normal message that has nothing in the chat yet lets an urgent one go first. */
  async function pause(ms: number, lane: Lane, planned: PlannedMessage, holding: Holding): Promise<boolean> {
    const { ended } = holding;
    if (lane === 'urgent' || holding.begun) return sleep(ms, ended);
    const cut = new AbortController();
    const until = AbortSignal.any([ended, cut.signal]);
    await Promise.race([sleep(ms, until), turns.urgentArrives(until)]);
    cut.abort();
    if (turns.urgentWaits && !ended.aborted) return stepBack(planned, holding);
    return !ended.aborted;
  }

  /** Lets urgent messages go first. False when the hold ended before it was our turn again. */
  async function stepBack(planned: PlannedMessage, { ended, turn }: Holding): Promise<boolean> {
    const again = turns.take('normal', ended);
    turns.release();
    turn.held = await again;
    // The urgent one may be half in the chat, and about to be delivered again.
    if (turn.held && halfPosted.isBehind(planned.wbor_message_id)) {
      turns.release();
      turn.held = false;
      turn.held = await takeTurn('normal', planned.wbor_message_id, ended);
    }
    return turn.held && !ended.aborted;
  }

  async function block(delivery: Delivery, planned: PlannedMessage): Promise<Ending> {
    await options.notPosted.blocked(planned);
    delivery.ack();
    return 'settled';
  }

  async function expire(delivery: Delivery, planned: PlannedMessage, planId: string): Promise<Ending> {
    await options.notPosted.expired(planned, planId);
    delivery.ack();
    return 'settled';
  }

  /** A hole in the middle helps nobody: what is left of the message is parked as one, to be replayed as one. */
  async function parkRest(
    lane: Lane,
    delivery: Delivery,
    planned: PlannedMessage,
    done: number,
    error: GroupMeError,
  ): Promise<void> {
    // Whoever replays it wants it posted, whenever that is.
    const { deliver_by: _late, ...rest } = planned;
    await options.parker.park(delivery, {
      queue: options.queues[lane],
      reason: 'rejected',
      error: `part ${done + 1} of ${planned.parts.length}: ${error.message}`,
      replacement: { ...rest, parts: planned.parts.slice(done) },
      wborMessageId: planned.wbor_message_id,
    });
    options.producer.failed(replyTargetOf(planned), error.status, error.message);
  }

  return { onDelivery, stop: () => stopping.abort() };
}

function isLate(planned: PlannedMessage): boolean {
  return planned.deliver_by !== undefined && Date.now() >= planned.deliver_by;
}

function parsePlanned(content: Buffer): PlannedMessage | undefined {
  try {
    return plannedMessageSchema.parse(JSON.parse(content.toString()));
  } catch {
    return undefined;
  }
}
