import { matchesTopic, type Topology } from '@wbor/contracts';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { Connection } from './connection.ts';
import { limitContent, omittedOf } from './delivery.ts';
import { openHealingChannel } from './healing-channel.ts';
import { declareTopology } from './topology.ts';
import type { Listener, ListenerOptions, Logger } from './types.ts';

/** Set by the broker on what comes out of a queue as a dead letter. */
const FIRST_DEATH_QUEUE_HEADER = 'x-first-death-queue';

/** Listens on a queue of its own that lives as long as the connection. */
export async function startListener(
  options: ListenerOptions & {
    readonly connection: Connection;
    readonly topology: Topology;
    readonly appId: string;
    readonly logger: Logger;
    readonly maxMessageBytes: number;
  },
): Promise<Listener> {
  let subscribed: Channel | undefined;

  function receive(message: ConsumeMessage): void {
    if (!isAsPublished(message, options.pattern)) {
      options.logger.warn(
        { pattern: options.pattern },
        'ignored a message that came under the key of another one',
      );
      return;
    }
    const omitted = omittedOf(message);
    if (omitted === undefined) {
      const { fields, properties } = message;
      options.onMessage(message.content, {
        routingKey: fields.routingKey,
        messageId: typeof properties.messageId === 'string' ? properties.messageId : undefined,
        headers: properties.headers ?? {},
      });
    } else
      options.logger.warn(
        { pattern: options.pattern, bytes: omitted.bytes },
        'ignored a message that is too large',
      );
  }

  const healing = openHealingChannel({
    connection: options.connection,
    name: `${options.appId} ${options.pattern}`,
    logger: options.logger,
    async setup(channel, lose) {
      limitContent(channel, options.maxMessageBytes);
      await declareTopology(channel, options.topology);
      const { queue } = await channel.assertQueue('', { exclusive: true, durable: false });
      await channel.bindQueue(queue, options.topology.exchange.name, options.pattern);
      await channel.consume(
        queue,
        (message) => {
          if (message === null) lose('the broker cancelled the consumer');
          else receive(message);
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

/**
 * The broker allows a message by the key that it was published with, and delivers it by that key. The headers `CC` and `BCC` and a
 * dead-letter queue lead it elsewhere without anybody's leave.
 */
function isAsPublished({ fields, properties }: ConsumeMessage, pattern: string): boolean {
  return (
    matchesTopic(pattern, fields.routingKey) && properties.headers?.[FIRST_DEATH_QUEUE_HEADER] === undefined
  );
}
