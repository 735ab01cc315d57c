import { type Broker, type BrowsedMessage, type Delivery, PublishError } from '@wbor/amqp';
import {
  callIntent,
  echoEvent,
  type Outcome,
  PLAN_ID_HEADER,
  type PostEvent,
  postEvent,
  readMessage,
  relayJournalQueue,
} from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import type { CallAnswer, CallState, Ledger, LedgerCall, LedgerPart, ShownPost } from './ledger.ts';

/**
 * What a relay leaves to the one after it: which calls it was about to make, how they ended, and what the chat was
 * seen to show. The queue keeps a bounded number of messages.
 */
export interface Journal {
  /**
   * Resolves once the broker has it in store that a call is about to be made by whoever holds the message.
   *
   * @param delivery the message that the call is for.
   * @returns false when that was taken from us, or `lost` was aborted first: the call is not to be made.
   */
  announce(
    delivery: Pick<Delivery, 'isHeld' | 'publishWhileHeld'>,
    part: LedgerPart,
    call: LedgerCall,
    lost: AbortSignal,
  ): Promise<boolean>;
  /** Reads the journal into the ledger. Reading it again adds only what is new. */
  read(): Promise<void>;
}

/** A call has a kilobyte or two. The queue hears what anybody publishes as one. */
const MAX_ENTRY_BYTES = 65_536;

const KEYS: readonly string[] = relayJournalQueue.bindings;

export function createJournal(options: {
  broker: Broker;
  queue: string;
  ledger: Ledger;
  /** Whether echoes count as evidence. */
  echo: boolean;
  logger: Logger;
}): Journal {
  const { broker, ledger, logger, queue } = options;
  /** What was read before, by type and id: a call's intent and its event have one id. */
  const recorded = new Set<string>();

  async function read(): Promise<void> {
    const browser = await broker.browse(queue, { maxMessageBytes: MAX_ENTRY_BYTES, upToMark: true });
    const present = new Set<string>();
    try {
      for (let entry = await browser.next(); entry; entry = await browser.next()) {
        // What came under another key was led here by a header, past the broker's permissions.
        if (!KEYS.includes(entry.routingKey) && entry.routingKey !== queue) continue;
        const id = `${entry.type} ${entry.messageId}`;
        present.add(id);
        if (recorded.has(id)) continue;
        if (entry.routingKey === echoEvent.key || entry.type === echoEvent.key) {
          const post = parseEcho(entry.content);
          if (post && options.echo) ledger.observe(post, 'echo');
        } else {
          recordCall(ledger, entry);
        }
      }
    } finally {
      await browser.close();
    }
    recorded.clear();
    for (const id of present) recorded.add(id);
  }

  return {
    async announce(delivery, part, call, lost) {
      try {
        await delivery.publishWhileHeld(
          callIntent,
          {
            text: part.text,
            ...(part.pictureUrl === undefined ? {} : { picture_url: part.pictureUrl }),
            source: part.source,
            wbor_message_id: part.wborMessageId,
            part: part.part,
            parts: part.parts,
            attempt: call.attempt,
            sent_at: new Date(call.sentAtMs).toISOString(),
          },
          { messageId: call.id, headers: { [PLAN_ID_HEADER]: part.planId } },
          lost,
        );
      } catch (error) {
        if (lost.aborted) return false;
        if (!(error instanceof PublishError)) throw error;
        // Without the journal a crash may repeat a part. Without the post, somebody waits for an alert.
        if (!(await delivery.isHeld())) return false;
        logger.error({ queue, error: error.code }, 'could not write to the journal; posting without it');
      }
      return !lost.aborted;
    },
    read,
  };
}

/** Reads the post that a bot's callback shows; undefined when the message is no callback. */
export function parseEcho(content: Buffer): ShownPost | undefined {
  const reading = readMessage(echoEvent, { content });
  if (!reading.ok) return undefined;
  const echo = reading.value;
  const picture = echo.attachments?.find((attachment) => attachment.type === 'image')?.url;
  return {
    id: echo.id,
    text: echo.text ?? '',
    pictureUrl: typeof picture === 'string' ? picture : undefined,
    // An echo of the future would be the newest for ever.
    createdAtMs: Math.min((echo.created_at ?? Number.POSITIVE_INFINITY) * 1000, Date.now()),
  };
}

function recordCall(ledger: Ledger, entry: BrowsedMessage): void {
  const planId = entry.headers[PLAN_ID_HEADER];
  // An event without a plan is no call of a relay's, for example a producer's own post.
  if (typeof planId !== 'string' || entry.messageId === undefined) return;
  // The event of a call says all that its announcement says, and how it ended.
  const reading = readMessage(callIntent, entry);
  if (!reading.ok) return;
  const call = reading.value;
  const event = entry.type === callIntent.key ? undefined : readMessage(postEvent, entry);
  const result = event?.ok ? event.value : undefined;
  ledger.record(
    {
      planId,
      wborMessageId: call.wbor_message_id,
      source: call.source,
      part: call.part,
      parts: call.parts,
      text: call.text,
      pictureUrl: call.picture_url,
    },
    { id: entry.messageId, attempt: call.attempt, sentAtMs: Date.parse(call.sent_at) },
    result?.outcome === undefined ? 'open' : stateAfter(result.outcome),
    result && answerOf(result),
  );
}

function answerOf({ code, duration_ms: durationMs = 0, error }: PostEvent): CallAnswer {
  return { code, durationMs, ...(error === undefined ? {} : { error }) };
}

function stateAfter(outcome: Outcome): CallState {
  return outcome === 'delivered' || outcome === 'rejected' ? outcome : 'failed';
}
