import { sleep } from '@wbor/async';
import {
  type GroupMeClient,
  GroupMeConfigurationError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
} from '@wbor/groupme';
import type { Logger } from '@wbor/service';
import type { Ledger, LedgerEntry } from './ledger.ts';

/**
 * What the chat shows of a part. `observed`: it is there. `absent`: the group was read and does not show it.
 * `undetermined`: nothing shows it, but it may show yet.
 */
export type Observation = 'observed' | 'absent' | 'undetermined';

/** Finds out whether a post is in the chat although its call had no answer. */
export interface ChatObserver {
  /**
   * Looks for the part's own echo and in the group's messages. Takes a few seconds, and up to `giveUpMs` more while
   * the group cannot be read: without a look at it, posting again could repeat the part.
   *
   * @returns undefined when `lost` was aborted first.
   */
  observe(entry: LedgerEntry, lost: AbortSignal): Promise<Observation | undefined>;
}

export interface ChatObserverOptions {
  readonly ledger: Ledger;
  readonly groupme: Pick<GroupMeClient, 'listGroupMessages'>;
  /** Whether echoes count. */
  readonly echo: boolean;
  /** The group that is read back; undefined switches that off. */
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
const MAX_PAGES = 5;

export function createChatObserver(options: ChatObserverOptions): ChatObserver {
  const { groupId, ledger } = options;

  async function waitForEcho(entry: LedgerEntry, lost: AbortSignal): Promise<void> {
    const heardAtMs = ledger.lastEchoAtMs;
    // Where no echo ever comes there is none to wait for.
    const waitMs = heardAtMs !== undefined && Date.now() - heardAtMs < ECHO_ALIVE_MS ? ECHO_WAIT_MS : 0;
    const deadline = performance.now() + waitMs;
    while (entry.shownAs === undefined && performance.now() < deadline && !lost.aborted)
      await sleep(ECHO_POLL_MS, lost);
  }

  return {
    async observe(entry, lost) {
      // Both at once: each ends as soon as the other has found the part.
      const [wasRead] = await Promise.all([
        groupId === undefined ? false : readBack(options, entry, groupId, lost),
        options.echo ? waitForEcho(entry, lost) : undefined,
      ]);
      if (entry.shownVia !== undefined) return 'observed';
      if (lost.aborted) return undefined;
      return wasRead ? 'absent' : 'undetermined';
    },
  };
}

/**
 * Reads the group until the part is seen, or the last look has not shown it.
 *
 * @returns whether the group could be read.
 */
async function readBack(
  options: ChatObserverOptions,
  entry: LedgerEntry,
  groupId: string,
  lost: AbortSignal,
): Promise<boolean> {
  const { logger } = options;
  const giveUpAt = performance.now() + options.giveUpMs;
  for (const lookMs of LOOKS_MS) {
    await sleep(lookMs, lost);
    for (let looked = false; !looked; ) {
      if (lost.aborted) return false;
      if (entry.shownAs !== undefined) return true;
      try {
        await look(options, entry, groupId);
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
            { wbor_message_id: entry.wborMessageId, part: entry.part },
            'could not read the group; posting again',
          );
          return false;
        }
        const retryAfterMs = error instanceof GroupMeRateLimitedError ? (error.retryAfterMs ?? 0) : 0;
        await sleep(Math.min(Math.max(READ_RETRY_MS, retryAfterMs), options.giveUpMs), lost);
      }
    }
  }
  return true;
}

/** Reads the group back to the time of the post, and enters what it shows into the ledger. */
async function look(options: ChatObserverOptions, entry: LedgerEntry, groupId: string): Promise<void> {
  const { groupme, ledger } = options;
  let beforeId: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const messages = await groupme.listGroupMessages(groupId, {
      limit: PAGE,
      ...(beforeId ? { beforeId } : {}),
    });
    // Oldest first, so that equal texts are claimed in the order in which they were posted.
    for (const message of messages.toReversed()) {
      if (message.sender_type !== 'bot') continue;
      const picture = message.attachments.find((attachment) => attachment.type === 'image')?.url;
      ledger.observe(
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
