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

/**
 * Waits until what a reader that died had in hand is back in the queue, then leaves a note of our own in place of its one.
 * Without a note of such a reader it does not wait.
 *
 * @param exchange direct, through which the note is left; '' is the default exchange.
 * @returns how many messages are about to be taken in hand. A note of them is with the broker.
 */
export async function beginReading(channel: Channel, queue: string, exchange: string): Promise<number> {
  const note = noteOf(queue);
  await channel.assertQueue(note, { durable: true, arguments: { 'x-expires': EXPIRES_MS } });
  if (exchange !== '') await channel.bindQueue(note, exchange, note);
  const left = await channel.get(note);
  if (left) await waitForReturned(channel, queue, Number(left.content.toString()));
  const { messageCount } = await channel.checkQueue(queue);
  if (messageCount > 0) {
    channel.publish(exchange, note, Buffer.from(String(messageCount)), { persistent: true });
    await channel.checkQueue(note);
  }
  // Not before: whoever dies in between must leave one of the two.
  if (left) channel.ack(left);
  return messageCount;
}

async function waitForReturned(channel: Channel, queue: string, count: number): Promise<void> {
  const deadline = performance.now() + RETURNED_WITHIN_MS;
  while ((await channel.checkQueue(queue)).messageCount < count && performance.now() < deadline) {
    await delay(RETURN_POLL_MS);
  }
  await delay(SETTLING_MS);
}
