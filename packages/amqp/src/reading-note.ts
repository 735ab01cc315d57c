import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '@wbor/async';
import type { Channel, ConfirmChannel } from 'amqplib';

// A reader that dies has the queue's messages in hand, and a quorum queue gives them back only a while later: on a busy
// machine the next reader finds the queue empty. So a reader leaves a note of how many there were, and takes it away in the
// end. The note is with most nodes of a cluster: one that goes with its node would stop all readers until that is back.

/** Of a reader that has died the note is of use for minutes. */
const EXPIRES_MS = 600_000;
/** Messages that the dead reader removed never come. */
const RETURNED_WITHIN_MS = 10_000;
const RETURN_POLL_MS = 20;
/** New messages count like those that come back. */
const SETTLING_MS = 250;

const NOTE_OPTIONS = {
  durable: true,
  arguments: { 'x-queue-type': 'quorum', 'x-expires': EXPIRES_MS },
} as const;

export const noteOf = (queue: string): string => `${queue}.reading`;

/**
 * Makes the queue of the note, if it is not there. A reader of a version before, which died, may have left a classic one: what it
 * says counts, and then it goes.
 *
 * @param openChannel opens one of our own: the broker closes it when the queue is another one.
 */
export async function declareNote(openChannel: () => Promise<Channel>, queue: string): Promise<void> {
  const channel = await openChannel();
  try {
    await channel.assertQueue(noteOf(queue), NOTE_OPTIONS);
  } catch (error) {
    if (!/PRECONDITION[_-]FAILED/.test(errorMessage(error))) throw error;
    return replaceNote(await openChannel(), queue);
  }
  await channel.close();
}

async function replaceNote(channel: Channel, queue: string): Promise<void> {
  const note = noteOf(queue);
  const left = await channel.get(note);
  if (left) await waitForReturned(channel, queue, Number(left.content.toString()));
  await channel.deleteQueue(note);
  await channel.assertQueue(note, NOTE_OPTIONS);
  await channel.close();
}

/**
 * Waits until what a reader that died had in hand is back in the queue, then leaves a note of our own in place of its one.
 * Without a note of such a reader it does not wait. The queue of the note must be there.
 *
 * @param exchange direct, through which the note is left; '' is the default exchange.
 * @returns how many messages are about to be taken in hand. A note of them is with the broker.
 */
export async function beginReading(
  channel: ConfirmChannel,
  queue: string,
  exchange: string,
): Promise<number> {
  const note = noteOf(queue);
  if (exchange !== '') await channel.bindQueue(note, exchange, note);
  const left = await channel.get(note);
  if (left) await waitForReturned(channel, queue, Number(left.content.toString()));
  const { messageCount } = await channel.checkQueue(queue);
  if (messageCount > 0) {
    channel.publish(exchange, note, Buffer.from(String(messageCount)), { persistent: true });
    await channel.waitForConfirms();
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
