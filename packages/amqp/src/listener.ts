import type { Topology } from '@wbor/contracts';
import type { Channel } from 'amqplib';
import type { Connection } from './connection.ts';
import { openHealingChannel } from './healing-channel.ts';
import { declareTopology } from './topology.ts';
import type { Listener, ListenerOptions, Logger } from './types.ts';

/** Listens on a queue of its own that lives as long as the connection. */
export async function startListener(
  options: ListenerOptions & {
    readonly connection: Connection;
    readonly topology: Topology;
    readonly appId: string;
    readonly logger: Logger;
  },
): Promise<Listener> {
  let subscribed: Channel | undefined;
  const healing = openHealingChannel({
    connection: options.connection,
    name: `${options.appId} ${options.pattern}`,
    logger: options.logger,
    async setup(channel, lose) {
      await declareTopology(channel, options.topology);
      const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
      await channel.bindQueue(queue, options.topology.exchange.name, options.pattern);
      await channel.consume(
        queue,
        (message) => {
          if (message === null) lose('the broker cancelled the consumer');
          else options.onMessage(message.content);
        },
        { noAck: true },
      );
      subscribed = channel;
      options.onSubscribed?.();
    },
    onLost(channel) {
      // A set-up that failed half-way had not subscribed, so nothing is interrupted.
      if (subscribed !== channel) return;
      subscribed = undefined;
      options.onInterrupted?.();
    },
  });
  await healing.firstReady;
  return { stop: () => healing.close() };
}
