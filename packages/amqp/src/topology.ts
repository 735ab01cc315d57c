import type { Topology } from '@wbor/contracts';
import type { Channel } from 'amqplib';

/** Channels that are set up together, at a start or after a lost connection, need it once. */
const FRESH_MS = 1_000;
/** After that one that has no answer is left to itself; sooner than a set-up is given up. */
const SHARED_MS = 5_000;

interface Declaration {
  readonly done: Promise<void>;
  sharedUntilMs: number;
}

/** By the topology of one broker: all channels of a process are given the same. */
const declarations = new WeakMap<Topology, Declaration>();

/**
 * Declares exchanges, queues and bindings, unless that is being done or was done a moment ago. Where others have declared
 * them, looks whether they are there; arguments and bindings nobody can ask for.
 *
 * What vanishes unseen within that moment costs the channel that needs it one more set-up.
 */
export async function declareTopology(channel: Channel, topology: Topology): Promise<void> {
  const latest = declarations.get(topology);
  if (latest !== undefined && performance.now() < latest.sharedUntilMs) {
    try {
      await latest.done;
      return;
    } catch {
      // The fault may be that channel's.
    }
  }
  const done = topology.isDeclared ? checkTopology(channel, topology) : assertTopology(channel, topology);
  const declaration = { done, sharedUntilMs: performance.now() + SHARED_MS };
  declarations.set(topology, declaration);
  await done;
  declaration.sharedUntilMs = performance.now() + FRESH_MS;
}

/** Something of it has vanished: the next channel declares it, whenever that was done. */
export function declareAnew(topology: Topology): void {
  declarations.delete(topology);
}

/** One after the other: a dead-letter target must exist before the queue that names it takes its first message. */
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
