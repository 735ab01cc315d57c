import type { Topology } from '@wbor/contracts';
import type { Channel } from 'amqplib';
import type { Connection } from './connection.ts';
import { limitContent, omittedOf } from './delivery.ts';
import { openHealingChannel } from './healing-channel.ts';
import { declareTopology } from './topology.ts';
import type { Logger, ReplyQueue, ReplyQueueOptions } from './types.ts';

/** Opens a queue for replies that lives as long as the connection. The next connection has another one, by another name. */
export async function openReplyQueue(
  options: ReplyQueueOptions & {
    readonly connection: Connection;
    readonly topology: Topology;
    readonly appId: string;
    readonly logger: Logger;
    readonly maxMessageBytes: number;
  },
): Promise<ReplyQueue> {
  let open: { readonly channel: Channel; readonly name: string } | undefined;
  const healing = openHealingChannel({
    connection: options.connection,
    name: `${options.appId} replies`,
    logger: options.logger,
    async setup(channel, lose) {
      limitContent(channel, options.maxMessageBytes);
      await declareTopology(channel, options.topology);
      const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
      await channel.consume(
        queue,
        (message) => {
          if (message === null) lose('the broker cancelled the consumer');
          else if (omittedOf(message) === undefined) {
            options.onReply(message.content, message.properties.correlationId as string | undefined);
          }
        },
        { noAck: true },
      );
      open = { channel, name: queue };
    },
    onLost(channel) {
      if (open?.channel === channel) open = undefined;
    },
  });
  await healing.firstReady;
  return {
    get name() {
      return open?.name;
    },
    stop: () => healing.close(),
  };
}
