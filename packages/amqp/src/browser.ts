import { setTimeout as delay } from 'node:timers/promises';
import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage } from 'amqplib';
import type { Connection } from './connection.ts';
import { limitContent } from './delivery.ts';
import { PublishError } from './errors.ts';
import { openedModel } from './inspect-queues.ts';
import { isLocked, takeLock } from './lock.ts';
import { isMark, putMark } from './reading-mark.ts';
import { beginReading, declareNote, noteOf } from './reading-note.ts';
import type { BrowsedMessage, BrowseOptions, QueueBrowser } from './types.ts';

const RETURN_TIMEOUT_MS = 2_000;
const RETURN_POLL_MS = 5;
/** Messages that are taken at once: one, then at most twice as many each time, as long as they are small. */
const FIRST_CHUNK = 1;
const MAX_CHUNK = 1_024;
/** Content that is in hand at once. One message more, which may be of any size, is on its way in at the same time. */
const CHUNK_BYTES = 16_777_216;
/** What is given back before the queue has taken it: of more the broker makes one list, in no order. */
const GIVE_BACK_AT_ONCE = 32;
/** Somebody else has taken what was there when nothing comes for this long. */
const IDLE_MS = 5_000;
/** How long somebody else who reads the same queue is waited for. */
const ALONE_WITHIN_MS = 10_000;
const ALONE_POLL_MS = 100;

/**
 * Opens a queue for reading. What is read is held unacknowledged until it is removed or given back by `close()`. Waits
 * for a connection that is just being opened, for others who read it, since they would not see what we hold, and for what one
 * who died in the middle of it had in hand.
 *
 * Who reads must read it all, or put up with another order: a queue keeps what was given back in a line of its own, and
 * puts behind it what is given back later.
 *
 * @param noteExchange a direct exchange that leads to the reader's note, see `beginReading`; '' is the default exchange.
 * @throws PublishError with code DISCONNECTED when there is no connection for ten seconds, or BUSY when somebody else
 * reads the queue for as long.
 */
export async function openBrowser(
  connection: Connection,
  queue: string,
  noteExchange: string,
  options: BrowseOptions = {},
): Promise<QueueBrowser> {
  const model = await openedModel(connection);
  const lock = `${queue}.reader`;
  const channel = await openAlone(model, queue, lock);
  if (options.maxMessageBytes !== undefined) limitContent(channel, options.maxMessageBytes);
  await declareNote(() => openChannel(model), queue);
  const messageCount = await beginReading(channel, queue, noteExchange);
  const mark = options.upToMark ? putMark(channel, queue) : undefined;
  let left = mark === undefined ? messageCount : Number.POSITIVE_INFINITY;
  let size = FIRST_CHUNK;
  let chunk: ConsumeMessage[] = [];
  /** Delivery tags that we hold, in order. */
  const held = new Set<number>();
  let removed = 0;

  async function takeNextChunk(): Promise<void> {
    const wanted = Math.min(left, size);
    const taken = await takeChunk(channel, queue, wanted, mark);
    const marks = taken.filter(isMark);
    chunk = taken.filter((message) => !isMark(message));
    const bytes = chunk.reduce((sum, { content }) => sum + content.length, 0);
    // The next one does not fit into what is left of the bytes.
    size = taken.length < wanted ? FIRST_CHUNK : nextSize(size, bytes / taken.length);
    for (const { fields } of chunk) held.add(fields.deliveryTag);
    // Also those of readers that died.
    for (const message of marks) channel.ack(message);
    const isEnd = marks.some(({ properties }) => properties.messageId === mark);
    if (mark !== undefined && !isEnd && taken.length === 0) {
      throw new PublishError('TIMEOUT', `the mark that was put into ${queue} did not come`);
    }
    left = isEnd || taken.length === 0 ? 0 : left - taken.length;
  }

  return {
    messageCount,
    async next() {
      // A chunk may hold nothing but marks.
      while (chunk.length === 0 && left > 0) await takeNextChunk();
      const message = chunk.shift();
      if (message === undefined) return undefined;
      return toBrowsed(message, () => {
        channel.ack(message);
        held.delete(message.fields.deliveryTag);
        removed += 1;
      });
    },
    async close() {
      const untouched = held.size === 0 && removed === 0;
      try {
        await delay(acksTakenMs(removed));
        // A closed channel gives back more than a few messages in no order at all.
        await giveBack(channel, queue, [...held]);
        await channel.close();
      } catch {
        // The channel has gone, and the messages are back with it.
      }
      await leave(model, queue, lock, () => untouched || waitForMessages(model, queue, held.size));
    },
  };
}

/** Opens a channel that nobody else reads the queue beside. */
async function openAlone(model: ChannelModel, queue: string, lock: string): Promise<ConfirmChannel> {
  const deadline = performance.now() + ALONE_WITHIN_MS;
  for (;;) {
    const channel = await openChannel(model);
    try {
      await takeLock(channel, lock);
      return channel;
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (performance.now() >= deadline) throw new PublishError('BUSY', `somebody else is reading ${queue}`);
      await delay(ALONE_POLL_MS);
    }
  }
}

async function openChannel(model: ChannelModel): Promise<ConfirmChannel> {
  const channel = await model.createConfirmChannel();
  channel.on('error', () => {});
  return channel;
}

/**
 * How long a quorum queue is given to take so many acks: it takes them in windows, and forgets what waits in line when the
 * channel closes.
 */
function acksTakenMs(count: number): number {
  return count === 0 ? 0 : Math.min(250 + count, 5_000);
}

/** Lets the next reader in, once `settled`. */
async function leave(model: ChannelModel, queue: string, lock: string, settle: () => unknown): Promise<void> {
  try {
    await settle();
    const channel = await openChannel(model);
    await channel.deleteQueue(noteOf(queue));
    await channel.deleteQueue(lock);
    await channel.close();
  } catch {
    // The connection has gone, and the lock with it.
  }
}

/** How many messages are taken after `size` of so many bytes each. */
function nextSize(size: number, bytesEach: number): number {
  return Math.max(FIRST_CHUNK, Math.min(2 * size, MAX_CHUNK, Math.floor(CHUNK_BYTES / bytesEach)));
}

/**
 * Takes up to `size` messages, in their order. Consuming is many times as fast as getting one by one, which takes a
 * quorum queue a millisecond or two each; but the broker counts messages, not bytes, and small ones may be followed by
 * huge ones. From the one on that does not fit any more all are let go at once, and go back for the next time; so are those behind
 * `mark`.
 */
async function takeChunk(
  channel: Channel,
  queue: string,
  size: number,
  mark: string | undefined,
): Promise<ConsumeMessage[]> {
  const messages: ConsumeMessage[] = [];
  const tooMany: number[] = [];
  let bytes = 0;
  let isOver = false;
  const { promise, resolve } = Promise.withResolvers<void>();
  channel.once('close', resolve);
  const idle = setTimeout(resolve, IDLE_MS);
  try {
    // Holds for the consumers that begin after it.
    await channel.prefetch(size);
    const { consumerTag } = await channel.consume(queue, (message) => {
      idle.refresh();
      if (message === null) return resolve();
      bytes += message.content.length;
      // The first one is taken whatever its size.
      const isKept = !isOver && (bytes <= CHUNK_BYTES || messages.length + tooMany.length === 0);
      isOver ||= mark !== undefined && message.properties.messageId === mark;
      if (isKept) messages.push(message);
      else tooMany.push(message.fields.deliveryTag);
      if (messages.length === size || !isKept || isOver) resolve();
    });
    await promise;
    // What was on its way has come when this is answered.
    await channel.cancel(consumerTag);
    await giveBack(channel, queue, tooMany);
  } finally {
    clearTimeout(idle);
    channel.off('close', resolve);
  }
  return messages;
}

/** Gives messages back so that they stand in the queue in this order, before all others. */
async function giveBack(channel: Channel, queue: string, deliveryTags: readonly number[]): Promise<void> {
  if (deliveryTags.length === 0) return;
  const { messageCount: others } = await channel.checkQueue(queue);
  for (const [index, deliveryTag] of deliveryTags.entries()) {
    // amqplib wants the whole message and reads its tag: we have no use for the rest any more.
    channel.nack({ fields: { deliveryTag } } as ConsumeMessage, false, true);
    const given = index + 1;
    if (given % GIVE_BACK_AT_ONCE === 0) await waitForCount(channel, queue, others + given);
  }
  // Whoever reads on must find them.
  await waitForCount(channel, queue, others + deliveryTags.length);
}

/** A quorum queue gives messages back a moment after the channel has closed; the next reader would miss them. */
async function waitForMessages(model: ChannelModel, queue: string, count: number): Promise<void> {
  try {
    const channel = await model.createChannel();
    channel.on('error', () => {});
    await waitForCount(channel, queue, count);
    await channel.close();
  } catch {
    // The connection has gone, and the messages are back with it.
  }
}

async function waitForCount(channel: Channel, queue: string, count: number): Promise<void> {
  const deadline = performance.now() + RETURN_TIMEOUT_MS;
  while ((await channel.checkQueue(queue)).messageCount < count && performance.now() < deadline) {
    await delay(RETURN_POLL_MS);
  }
}

function toBrowsed(message: ConsumeMessage, remove: () => void): BrowsedMessage {
  const { messageId, correlationId, type, contentType, contentEncoding, headers, priority } =
    message.properties;
  return {
    content: message.content,
    routingKey: message.fields.routingKey,
    messageId,
    correlationId,
    type,
    contentType,
    contentEncoding,
    priority: typeof priority === 'number' ? priority : 0,
    headers: headers ?? {},
    remove,
  };
}
