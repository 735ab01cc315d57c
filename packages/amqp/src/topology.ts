import type { Topology } from '@wbor/contracts';
import type { Channel } from 'amqplib';

/**
 * Declares exchange, queues and bindings. One after the other: a dead-letter target must exist before the
 * queue that names it takes its first message.
 */
export async function declareTopology(channel: Channel, topology: Topology): Promise<void> {
  await channel.assertExchange(topology.exchange.name, topology.exchange.type, { durable: true });
  for (const queue of topology.queues) {
    await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
    for (const pattern of queue.bindings) {
      await channel.bindQueue(queue.name, topology.exchange.name, pattern);
    }
  }
}
