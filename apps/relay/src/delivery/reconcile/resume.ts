import { errorMessage, sleep } from '@wbor/async';
import type { Logger } from '@wbor/service';
import type { HeldMessage } from '../inbox.ts';
import type { Journal } from './journal.ts';
import type { Ledger } from './ledger.ts';

/** Finds out what another relay, or we before an interruption, have left behind. */
export interface Resume {
  /**
   * Reads the journal, since another relay may have delivered before a new channel was ours. After that, whatever is
   * posted is posted by us.
   *
   * @returns the plan that was left half in the chat; undefined when there is none.
   */
  readHistory(lost: AbortSignal): Promise<string | undefined>;
  /** How many parts of a message are in the chat, going by what is known when its turn comes first. */
  partsDone(message: HeldMessage): number;
}

const JOURNAL_RETRY_MS = 1_000;
/** Without the journal a part may be repeated. Without an end to the wait, an emergency would never be told. */
const JOURNAL_PATIENCE_MS = 10_000;
/** A producer's id stands for one message this long; `/send` promises the same. */
const REPEATED_WITHIN_MS = 24 * 60 * 60_000;

export function createResume(options: { journal: Journal; ledger: Ledger; logger: Logger }): Resume {
  const { journal, ledger, logger } = options;

  async function readJournal(lost: AbortSignal): Promise<void> {
    const giveUpAt = performance.now() + JOURNAL_PATIENCE_MS;
    while (!lost.aborted) {
      try {
        await journal.read();
        return;
      } catch (thrown) {
        const error = errorMessage(thrown);
        if (performance.now() >= giveUpAt) {
          logger.error({ error }, 'could not read the journal; going on without it, a part may be repeated');
          return;
        }
        logger.warn({ error }, 'could not read the journal');
        await sleep(JOURNAL_RETRY_MS, lost);
      }
    }
  }

  return {
    async readHistory(lost) {
      await readJournal(lost);
      return ledger.unfinished();
    },
    partsDone({ inDoubt, planId, planned }) {
      const { parts, wbor_message_id } = planned;
      // A producer that was not told of the first copy sends a second one: the same plan under the same id.
      const sinceMs = planned.planned_at - REPEATED_WITHIN_MS;
      const done = Math.max(
        ledger.isComplete(planId, sinceMs)
          ? parts.length
          : Math.min(ledger.partsDelivered(planId, sinceMs), parts.length),
        inDoubt ? ledger.equalPartsDelivered(wbor_message_id, parts) : 0,
      );
      if (done > 0) {
        logger.info(
          { wbor_message_id, parts_done: done, parts: parts.length },
          done < parts.length
            ? 'going on with a message that was begun before'
            : 'not posted again: all of it is in the chat',
        );
      }
      return done;
    },
  };
}
