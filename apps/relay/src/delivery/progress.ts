import { createHash } from 'node:crypto';
import type { Broker } from '@wbor/amqp';
import { type PlannedMessage, postEventSchema } from '@wbor/contracts';
import { LRUCache } from 'lru-cache';

/** Remembers how many parts of a message are in the chat. */
export interface Progress {
  /** Parts that this process has seen delivered; undefined when it knows nothing of the message. */
  recall(planned: PlannedMessage): number | undefined;
  record(planned: PlannedMessage, partsDone: number): void;
  /**
   * Reads from the journal how far another process got. Asked only for messages that may have been begun
   * before: two messages with the same id and text on purpose must both arrive.
   */
  readJournal(planned: PlannedMessage): Promise<number>;
}

const REMEMBERED_MESSAGES = 10_000;

export function createProgress(options: { broker: Broker; journalQueue: string }): Progress {
  const memory = new LRUCache<string, number>({ max: REMEMBERED_MESSAGES });
  return {
    recall: (planned) => memory.get(keyOf(planned)),
    record(planned, partsDone) {
      memory.set(keyOf(planned), partsDone);
    },
    async readJournal(planned) {
      const browser = await options.broker.browse(options.journalQueue);
      try {
        const delivered = new Set<number>();
        for (let entry = await browser.next(); entry; entry = await browser.next()) {
          const part = deliveredPart(entry.content, planned);
          if (part !== undefined) delivered.add(part);
        }
        let partsDone = 0;
        while (delivered.has(partsDone + 1)) partsDone += 1;
        return partsDone;
      } finally {
        await browser.close();
      }
    },
  };
}

/** The number of the part that this log entry shows delivered, if it is one of the message's parts. */
function deliveredPart(content: Buffer, planned: PlannedMessage): number | undefined {
  let json: unknown;
  try {
    json = JSON.parse(content.toString());
  } catch {
    return undefined;
  }
  const event = postEventSchema.safeParse(json).data;
  if (event?.outcome !== 'delivered' || event.wbor_message_id !== planned.wbor_message_id) return undefined;
  if (event.part === undefined) return undefined;
  const part = planned.parts[event.part - 1];
  return part && part.text === event.text && part.picture_url === event.picture_url ? event.part : undefined;
}

/** The same message planned twice has the same key; another message under the same id has not. */
function keyOf(planned: PlannedMessage): string {
  return createHash('sha256')
    .update(JSON.stringify([planned.wbor_message_id, planned.parts]))
    .digest('base64');
}
