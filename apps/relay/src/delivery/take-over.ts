import type { Delivery } from '@wbor/amqp';
import type { PlannedMessage } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import type { HalfPosted } from './half-posted.ts';
import type { Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';
import type { PartPoster } from './part-poster.ts';
import { sleep } from './sleep.ts';
import type { Lane } from './turns.ts';

/** Header of a planned message whose source was delivered to us before: it may be in the chat already. */
export const IN_DOUBT_HEADER = 'x-in-doubt';

/** Finds out what another relay, or we before an interruption, have left behind. */
export interface TakeOver {
  /** To be awaited before a delivery's turn: finds the message that was left half in the chat. */
  notice(lane: Lane, delivery: Delivery, ended: AbortSignal): Promise<void>;
  /**
   * How many parts are in the chat, and whether any may be. Of a message that was in somebody's hands before, the
   * next part is in doubt too, since a relay posts first and logs then.
   *
   * @returns undefined when the message was taken from us first.
   */
  resume(
    delivery: Delivery,
    planned: PlannedMessage,
    planId: string,
    taken: AbortSignal,
  ): Promise<{ done: number; begun: boolean } | undefined>;
}

const JOURNAL_RETRY_MS = 1_000;
/** Both outboxes are taken over within half a second of each other; the normal one is to be heard first. */
const URGENT_PATIENCE_MS = 1_000;

export function createTakeOver(options: {
  journal: Journal;
  ledger: Ledger;
  poster: Pick<PartPoster, 'settle'>;
  halfPosted: Pick<HalfPosted, 'expect'>;
  logger: Logger;
}): TakeOver {
  const { halfPosted, journal, ledger, logger, poster } = options;
  /** Channels, known by their signal, and the look at what was left half-posted when each was new. */
  const channels = new WeakMap<AbortSignal, Promise<void>>();

  async function resume(
    delivery: Delivery,
    planned: PlannedMessage,
    planId: string,
    taken: AbortSignal,
  ): Promise<{ done: number; begun: boolean } | undefined> {
    const inDoubt = delivery.redelivered || delivery.headers[IN_DOUBT_HEADER] === true;
    if (inDoubt && !(await readJournal(taken))) return undefined;
    // A producer that was not told of the first copy sends a second one: the same plan under the same id.
    let done = ledger.partsDelivered({ planId, parts: planned.parts });
    // Without an id of the producer's, the copies of a plan have ids of their own.
    if (inDoubt) done = Math.max(done, ledger.equalPartsDelivered(planned.wbor_message_id, planned.parts));
    let unsure = false;
    // A plan that was merely made twice is behind its first copy in the queue, which has left nothing in doubt.
    if (delivery.redelivered && done < planned.parts.length) {
      const shown = await poster.settle(
        { planned, planId, number: done + 1, isHeld: delivery.isHeld },
        taken,
      );
      if (shown === undefined) return undefined;
      if (shown === 'shown') done += 1;
      unsure = shown === 'unsure';
    }
    if (done > 0) {
      logger.info(
        { message_id: planned.wbor_message_id, parts_done: done, parts: planned.parts.length },
        done < planned.parts.length
          ? 'going on with a message that was begun before'
          : 'not posted again: all of it is in the chat',
      );
    }
    return { done, begun: done > 0 || unsure };
  }

  /**
   * On a new channel another relay may have delivered meanwhile, and left a message half in the chat. All deliveries
   * of the channel wait for the one look at it, or the second would overtake the first.
   */
  function notice(lane: Lane, delivery: Delivery, ended: AbortSignal): Promise<void> {
    const noticed = channels.get(delivery.signal) ?? lookForHalfPosted(lane, ended);
    channels.set(delivery.signal, noticed);
    return noticed;
  }

  async function lookForHalfPosted(lane: Lane, ended: AbortSignal): Promise<void> {
    // A first part that was posted and not logged is seen by nobody but its own message: that must come first.
    if (lane === 'urgent') await sleep(URGENT_PATIENCE_MS, ended);
    if (!(await readJournal(ended))) return;
    const messageId = ledger.unfinished();
    if (messageId !== undefined) halfPosted.expect(messageId);
  }

  async function readJournal(ended: AbortSignal): Promise<boolean> {
    while (!ended.aborted) {
      try {
        await journal.read();
        return true;
      } catch (error) {
        logger.warn(
          { error: error instanceof Error ? error.message : String(error) },
          'could not read the journal',
        );
        await sleep(JOURNAL_RETRY_MS, ended);
      }
    }
    return false;
  }

  return { notice, resume };
}
