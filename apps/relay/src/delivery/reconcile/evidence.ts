import { setTimeout as delay } from 'node:timers/promises';
import type { Evidence } from '@wbor/contracts';
import {
  type GroupMeClient,
  GroupMeConfigurationError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
} from '@wbor/groupme';
import type { Logger } from '@wbor/service';
import type { Ledger, LedgerEntry } from './ledger.ts';

/** What came of looking for a post. */
interface Settlement {
  readonly evidence: Evidence;
  /** With `none`: the group was read, and does not show it. Without that, an echo may still come. */
  readonly sure: boolean;
}

/** Settles doubts about a post: whether it is in the chat although nobody was told so. */
export interface EvidenceSource {
  /**
   * Looks for the part's own echo and in the group's messages. Takes a few seconds, and up to `giveUpMs` more while
   * the group cannot be read: without a look at it, posting again could repeat the part.
   *
   * @returns undefined when `ended` was aborted first.
   */
  settle(entry: LedgerEntry, ended: AbortSignal): Promise<Settlement | undefined>;
}

export interface EvidenceOptions {
  readonly ledger: Ledger;
  readonly groupme: Pick<GroupMeClient, 'listGroupMessages'>;
  /** Whether echoes count. */
  readonly echo: boolean;
  /** Where to read back; undefined switches that off. */
  readonly groupId: string | undefined;
  readonly logger: Logger;
  /**
   * How long the group may be unreadable before the part is posted again all the same. Without an end, a fault of
   * reading alone would stop all posting.
   */
  readonly giveUpMs: number;
}

/** An echo comes within a second as a rule; the gateway and the broker are in between. */
const ECHO_WAIT_MS = 3_000;
const ECHO_POLL_MS = 50;
/** A bot that was heard within this time is one whose echoes come. */
const ECHO_ALIVE_MS = 24 * 60 * 60_000;
/** Looks at the group, each so long after the one before: a post may appear a moment after its answer was lost. */
const LOOKS_MS = [150, 350, 750, 1_500];
const READ_RETRY_MS = 2_000;
const PAGE = 100;

export function createEvidenceSource(options: EvidenceOptions): EvidenceSource {
  const { groupId, groupme, ledger, logger } = options;

  async function waitForEcho(entry: LedgerEntry, ended: AbortSignal): Promise<void> {
    const heardAtMs = ledger.lastEchoAtMs;
    // Where no echo ever comes there is none to wait for.
    const waitMs = heardAtMs !== undefined && Date.now() - heardAtMs < ECHO_ALIVE_MS ? ECHO_WAIT_MS : 0;
    const deadline = performance.now() + waitMs;
    while (entry.shownAs === undefined && performance.now() < deadline && !ended.aborted)
      await delay(ECHO_POLL_MS);
  }

  /** Looks until the part is seen or the last look has not shown it: true; or the group cannot be read: false. */
  async function readBack(entry: LedgerEntry, id: string, ended: AbortSignal): Promise<boolean> {
    const giveUpAt = performance.now() + options.giveUpMs;
    for (const lookMs of LOOKS_MS) {
      await delay(lookMs, undefined, { signal: ended }).catch(() => {});
      for (let looked = false; !looked; ) {
        if (ended.aborted) return false;
        if (entry.shownAs !== undefined) return true;
        try {
          await look(entry, id);
          looked = true;
        } catch (error) {
          if (error instanceof GroupMeConfigurationError || error instanceof GroupMeRejectedError) {
            logger.error(
              { error: error.message },
              'cannot read the group; check GROUPME_GROUP_ID and the token',
            );
            return false;
          }
          if (performance.now() >= giveUpAt) {
            logger.warn(
              { wbor_message_id: entry.messageId, part: entry.part },
              'could not read the group; posting again',
            );
            return false;
          }
          const told = error instanceof GroupMeRateLimitedError ? (error.retryAfterMs ?? 0) : 0;
          const waitMs = Math.min(Math.max(READ_RETRY_MS, told), options.giveUpMs);
          await delay(waitMs, undefined, { signal: ended }).catch(() => {});
        }
      }
    }
    return true;
  }

  /** Reads the group back to the time of the post. */
  async function look(entry: LedgerEntry, id: string): Promise<void> {
    let beforeId: string | undefined;
    for (let page = 0; page < 5; page += 1) {
      const messages = await groupme.listGroupMessages(id, {
        limit: PAGE,
        ...(beforeId ? { beforeId } : {}),
      });
      // Oldest first, so that equal texts are claimed in the order in which they were posted.
      for (const message of messages.toReversed()) {
        if (message.sender_type !== 'bot') continue;
        const picture = message.attachments.find((attachment) => attachment.type === 'image')?.url;
        ledger.saw(
          {
            id: message.id,
            text: message.text ?? '',
            pictureUrl: typeof picture === 'string' ? picture : undefined,
            createdAtMs: message.created_at * 1000,
          },
          'read-back',
        );
      }
      const oldest = messages.at(-1);
      if (!oldest || messages.length < PAGE || oldest.created_at * 1000 < entry.firstSentAtMs) return;
      beforeId = oldest.id;
    }
  }

  return {
    async settle(entry, ended) {
      // Both at once: each ends as soon as the other has found the part.
      const [sure] = await Promise.all([
        groupId === undefined ? false : readBack(entry, groupId, ended),
        options.echo ? waitForEcho(entry, ended) : undefined,
      ]);
      if (entry.shownVia !== undefined) return { evidence: entry.shownVia, sure: true };
      return ended.aborted ? undefined : { evidence: 'none', sure };
    },
  };
}
