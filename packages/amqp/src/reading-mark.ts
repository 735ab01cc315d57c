import { randomUUID } from 'node:crypto';
import type { Channel, ConsumeMessage } from 'amqplib';

// Where a queue ends nobody can say but the queue itself: what stands before a message that we put into it now was there before.

const MARK_TYPE = 'wbor.reading-mark';

/** Puts a mark at the end of a queue. @returns its message id. */
export function putMark(channel: Channel, queue: string): string {
  const messageId = randomUUID();
  channel.publish('', queue, Buffer.alloc(0), { messageId, type: MARK_TYPE, persistent: true });
  return messageId;
}

export function isMark({ content, properties }: ConsumeMessage): boolean {
  return properties.type === MARK_TYPE && content.length === 0;
}
