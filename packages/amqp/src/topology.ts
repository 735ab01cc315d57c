import type { Topology } from '@wbor/contracts';
import type { Channel } from 'amqplib';

/**
 * Declares exchanges, queues and bindings. One after the other: a dead-letter target must exist before the
 * queue that names it takes its first message. Where others have declared them, looks whether they are there; arguments and
 * bindings nobody can ask for.
 */
export async function declareTopology(channel: Channel, topology: Topology): Promise<void> {
  if (topology.isDeclared) await checkTopology(channel, topology);
  else await assertTopology(channel, topology);
}

async function assertTopology(channel: Channel, { exchange, own, queues }: Topology): Promise<void> {
  await channel.assertExchange(exchange.name, exchange.type, { durable: true });
  for (const queue of queues) {
    await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
    for (const pattern of queue.bindings) await channel.bindQueue(queue.name, exchange.name, pattern);
  }
  if (own === undefined) return;
  await channel.assertExchange(own.name, 'direct', { durable: true });
  for (const queue of own.queues) await channel.bindQueue(queue, own.name, queue);
}

async function checkTopology(channel: Channel, { exchange, own, queues }: Topology): Promise<void> {
  await channel.checkExchange(exchange.name);
  for (const queue of queues) await channel.checkQueue(queue.name);
  if (own !== undefined) await channel.checkExchange(own.name);
}
