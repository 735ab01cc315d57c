import { type Broker, type BrowsedMessage, PublishError } from '@wbor/amqp';
import {
  callbackEventSchema,
  callIntent,
  callIntentSchema,
  echoEvent,
  type Outcome,
  postEventSchema,
} from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import { PLAN_ID_HEADER } from '../../notify/audit-events.ts';
import type { CallState, Ledger, LedgerCall, LedgerPart, ShownPost } from './ledger.ts';

/**
 * What a relay leaves to the one after it: which calls it was about to make, how they ended, and what the chat was
 * seen to show.
 */
export interface Journal {
  /**
   * Resolves once the broker has it in store that a call is about to be made.
   *
   * @returns false when `ended` came first, and the call is not to be made.
   */
  announce(part: LedgerPart, call: LedgerCall, ended: AbortSignal): Promise<boolean>;
  /** Reads it into the ledger. Reading it again adds only what is new. */
  read(): Promise<void>;
}

export function createJournal(options: {
  broker: Broker;
  queue: string;
  ledger: Ledger;
  /** Whether echoes count as evidence. */
  echo: boolean;
  logger: Logger;
}): Journal {
  const { broker, ledger, logger, queue } = options;
  /** By the type too: a call's intent and its event have one id. */
  const recorded = new Set<string>();
  let reading: Promise<void> | undefined;

  async function readAll(): Promise<void> {
    const browser = await broker.browse(queue);
    const present = new Set<string>();
    try {
      for (let entry = await browser.next(); entry; entry = await browser.next()) {
        const id = `${entry.type} ${entry.messageId}`;
        present.add(id);
        if (recorded.has(id)) continue;
        if (entry.routingKey === echoEvent.key || entry.type === echoEvent.key) {
          const post = parseEcho(entry.content);
          if (post && options.echo) ledger.saw(post, 'echo');
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
    async announce(part, call, ended) {
      try {
        await broker.publishUntilConfirmed(
          {
            exchange: '',
            routingKey: queue,
            type: callIntent.key,
            messageId: call.id,
            headers: { [PLAN_ID_HEADER]: part.planId },
            body: {
              text: part.text,
              ...(part.pictureUrl === undefined ? {} : { picture_url: part.pictureUrl }),
              source: part.source,
              wbor_message_id: part.messageId,
              part: part.part,
              parts: part.parts,
              attempt: call.attempt,
              sent_at: new Date(call.sentAtMs).toISOString(),
            },
          },
          ended,
        );
      } catch (error) {
        if (ended.aborted) return false;
        if (!(error instanceof PublishError)) throw error;
        // Without the journal a crash may repeat a part. Without the post, somebody waits for an alert.
        logger.error({ queue, error: error.code }, 'could not write to the journal; posting without it');
      }
      return !ended.aborted;
    },
    read() {
      // One at a time: what one holds another does not get to see. And it breaks off with the connection that it
      // shares with the deliveries, so that who joins it reads nothing from before its own time.
      reading ??= readAll().finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}

/** What a callback of a bot's post shows; undefined when it is none. */
export function parseEcho(content: Buffer): ShownPost | undefined {
  const echo = callbackEventSchema.safeParse(parseJson(content)).data;
  if (!echo) return undefined;
  const picture = echo.attachments?.find((attachment) => attachment.type === 'image')?.url;
  return {
    id: echo.id,
    text: echo.text ?? '',
    pictureUrl: typeof picture === 'string' ? picture : undefined,
    createdAtMs: (echo.created_at ?? Date.now() / 1000) * 1000,
  };
}

function recordCall(ledger: Ledger, entry: BrowsedMessage): void {
  const planId = entry.headers[PLAN_ID_HEADER];
  // Without a plan it is no call of a relay's: a producer's own post, say.
  if (typeof planId !== 'string' || entry.messageId === undefined) return;
  const json = parseJson(entry.content);
  const call = callIntentSchema.safeParse(json).data;
  if (call === undefined) return;
  const outcome = entry.type === callIntent.key ? undefined : postEventSchema.safeParse(json).data?.outcome;
  ledger.record(
    {
      planId,
      messageId: call.wbor_message_id,
      source: call.source,
      part: call.part,
      parts: call.parts,
      text: call.text,
      pictureUrl: call.picture_url,
    },
    { id: entry.messageId, attempt: call.attempt, sentAtMs: Date.parse(call.sent_at) },
    outcome === undefined ? 'open' : stateAfter(outcome),
  );
}

function stateAfter(outcome: Outcome): CallState {
  return outcome === 'delivered' || outcome === 'rejected' ? outcome : 'failed';
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return undefined;
  }
}
