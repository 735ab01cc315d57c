import { once } from 'node:events';
import type { Channel, ChannelModel } from 'amqplib';
import type { Connection } from './connection.ts';
import { PublishError } from './errors.ts';
import type { QueueFacts } from './types.ts';

/** How long a connection that is still being opened is waited for. */
const CONNECTED_WITHIN_MS = 10_000;
const NOT_FOUND = 404;

/**
 * Asks what the broker knows of some queues, in their order; undefined of one that is not there. On a channel that concerns
 * nobody else, since the broker closes it over a queue that it does not know.
 *
 * @throws PublishError with code DISCONNECTED when there is no connection for ten seconds.
 */
export async function inspectQueues(
  connection: Connection,
  queues: readonly string[],
): Promise<(QueueFacts | undefined)[]> {
  const model = await openedModel(connection);
  const all: (QueueFacts | undefined)[] = [];
  let channel = await openChannel(model);
  try {
    for (const queue of queues) {
      const facts = await channel.checkQueue(queue).catch(undefinedIfMissing);
      if (facts === undefined) channel = await openChannel(model);
      all.push(facts && { messageCount: facts.messageCount, consumerCount: facts.consumerCount });
    }
  } finally {
    await channel.close().catch(() => {});
  }
  return all;
}

/** The open connection; one that is just being opened is waited for. */
export async function openedModel({ manager }: Connection): Promise<ChannelModel> {
  if (!manager.connection) {
    const signal = AbortSignal.timeout(CONNECTED_WITHIN_MS);
    await once(manager, 'connect', { signal }).catch(() => {});
  }
  if (!manager.connection) throw new PublishError('DISCONNECTED', 'not connected to the broker');
  return manager.connection;
}

async function openChannel(model: ChannelModel): Promise<Channel> {
  const channel = await model.createChannel();
  channel.on('error', () => {});
  return channel;
}

function undefinedIfMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === NOT_FOUND) return undefined;
  throw error;
}
