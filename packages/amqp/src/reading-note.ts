import { setTimeout as delay } from 'node:timers/promises';
import type { Channel } from 'amqplib';

// A reader that dies has the queue's messages in hand, and a quorum queue gives them back only a while later: on a busy
// machine the next reader finds the queue empty. So a reader leaves a note of how many there were, and takes it away in the
// end.

/** Of a reader that has died the note is of use for minutes. */
const EXPIRES_MS = 600_000;
/** Messages that the dead reader removed never come. */
const RETURNED_WITHIN_MS = 10_000;
const RETURN_POLL_MS = 20;
/** New messages count like those that come back. */
const SETTLING_MS = 250;

export const noteOf = (queue: string): string => `${queue}.reading`;

/** Waits until what a reader that died had in hand is back in the queue. Without a note of such a reader it does not wait. */
export async function waitForReturned(channel: Channel, queue: string): Promise<void> {
  const note = noteOf(queue);
  await channel.assertQueue(note, { durable: true, arguments: { 'x-expires': EXPIRES_MS } });
  const message = await channel.get(note, { noAck: true });
  if (!message) return;
  const count = Number(message.content.toString());
  const deadline = performance.now() + RETURNED_WITHIN_MS;
  while ((await channel.checkQueue(queue)).messageCount < count && performance.now() < deadline) {
    await delay(RETURN_POLL_MS);
  }
  await delay(SETTLING_MS);
}

/** Notes how many messages are about to be taken in hand. The note is with the broker when this resolves. */
export async function leaveNote(channel: Channel, queue: string, count: number): Promise<void> {
  channel.sendToQueue(noteOf(queue), Buffer.from(String(count)), { persistent: true });
  await channel.checkQueue(noteOf(queue));
}
