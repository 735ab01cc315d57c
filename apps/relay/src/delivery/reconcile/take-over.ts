import type { Delivery } from '@wbor/amqp';
import type { PlannedMessage } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import type { HalfPosted } from '../half-posted.ts';
import type { PartPoster } from '../part-poster.ts';
import { sleep } from '../sleep.ts';
import type { Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';

/** Header of a planned message whose source was delivered to us before: it may be in the chat already. */
const IN_DOUBT_HEADER = 'x-in-doubt';

/** Finds out what another relay, or we before an interruption, have left behind. */
export interface TakeOver {
  /** To be awaited before a delivery's turn: finds the message that was left half in the chat. */
  notice(delivery: Delivery, ended: AbortSignal): Promise<void>;
  /**
   * How many parts are in the chat, and whether any may be. Settles what became of a call that nobody has told of.
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
/** Without the journal a part may be repeated. Without an end to the wait, an emergency would never be told. */
const JOURNAL_PATIENCE_MS = 10_000;
/** A producer's id stands for one message this long; `/send` promises the same. */
const REPEATED_WITHIN_MS = 24 * 60 * 60_000;

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
    // Without an id of the producer's, a plan that is made twice has two ids.
    const madeTwice = delivery.headers[IN_DOUBT_HEADER] === true;
    // A producer that was not told of the first copy sends a second one: the same plan under the same id.
    const sinceMs = delivery.redelivered ? 0 : Date.now() - REPEATED_WITHIN_MS;
    let done = Math.min(ledger.partsDelivered(planId, sinceMs), planned.parts.length);
    if (madeTwice) done = Math.max(done, ledger.equalPartsDelivered(planned.wbor_message_id, planned.parts));
    let unsure = false;
    if (done < planned.parts.length) {
      const next = { planned, planId, number: done + 1, isHeld: delivery.isHeld };
      const settled = await poster.settle(next, taken);
      if (settled === 'unsettled') return undefined;
      if (settled === 'shown') done += 1;
      unsure = settled === 'unsure';
    }
    if (done > 0) {
      logger.info(
        { wbor_message_id: planned.wbor_message_id, parts_done: done, parts: planned.parts.length },
        done < planned.parts.length
          ? 'going on with a message that was begun before'
          : 'not posted again: all of it is in the chat',
      );
    }
    return { done, begun: done > 0 || unsure };
  }

  /**
   * On a new channel another relay may have delivered meanwhile, and left a message half in the chat. All deliveries
   * of the channel wait for the one look at it, or the second would overtake the first. After that whatever is posted
   * is posted by us.
   */
  function notice(delivery: Delivery, ended: AbortSignal): Promise<void> {
    const noticed = channels.get(delivery.signal) ?? lookForHalfPosted(ended);
    channels.set(delivery.signal, noticed);
    return noticed;
  }

  async function lookForHalfPosted(ended: AbortSignal): Promise<void> {
    await readJournal(ended);
    const messageId = ledger.unfinished();
    if (messageId !== undefined) halfPosted.expect(messageId);
  }

  async function readJournal(ended: AbortSignal): Promise<void> {
    const giveUpAt = performance.now() + JOURNAL_PATIENCE_MS;
    while (!ended.aborted) {
      try {
        await journal.read();
        return;
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown.message : String(thrown);
        if (performance.now() >= giveUpAt) {
          logger.error({ error }, 'could not read the journal; going on without it, a part may be repeated');
          return;
        }
        logger.warn({ error }, 'could not read the journal');
        await sleep(JOURNAL_RETRY_MS, ended);
      }
    }
  }

  return { notice, resume };
}
