import type { Broker, BrowsedMessage } from '@wbor/amqp';
import { callbackEventSchema, echoEvent, postEventSchema } from '@wbor/contracts';
import { PLAN_ID_HEADER } from '../events.ts';
import type { Ledger, ShownPost } from './ledger.ts';

/**
 * Reads the relay's journal into the ledger: what whichever relay was active before has posted, and what the
 * chat was seen to show. Reading it again adds only what is new.
 */
export interface Journal {
  read(): Promise<void>;
}

export function createJournal(options: {
  broker: Broker;
  queue: string;
  ledger: Ledger;
  /** Whether echoes count as evidence. */
  echo: boolean;
}): Journal {
  const recorded = new Set<string>();
  return {
    async read() {
      const browser = await options.broker.browse(options.queue);
      const present = new Set<string>();
      try {
        for (let entry = await browser.next(); entry; entry = await browser.next()) {
          const id = entry.messageId ?? '';
          present.add(id);
          if (recorded.has(id)) continue;
          if (entry.routingKey === echoEvent.key || entry.type === echoEvent.key) {
            const post = parseEcho(entry.content);
            if (post && options.echo) options.ledger.saw(post, 'echo');
          } else {
            recordPost(options.ledger, entry);
          }
        }
      } finally {
        await browser.close();
      }
      recorded.clear();
      for (const id of present) recorded.add(id);
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

function recordPost(ledger: Ledger, { content, headers }: BrowsedMessage): void {
  const event = postEventSchema.safeParse(parseJson(content)).data;
  if (event?.part === undefined || event.sent_at === undefined || event.text === undefined) return;
  const planId = headers[PLAN_ID_HEADER];
  ledger.record(
    {
      planId: typeof planId === 'string' ? planId : '',
      messageId: event.wbor_message_id,
      source: event.source,
      part: event.part,
      parts: event.parts ?? event.part,
      text: event.text,
      pictureUrl: event.picture_url,
    },
    {
      sentAtMs: Date.parse(event.sent_at),
      attempt: event.attempt ?? 1,
      delivered: event.outcome === 'delivered',
      doubtful: event.outcome === 'unknown',
    },
  );
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return undefined;
  }
}
