import { setTimeout as delay } from 'node:timers/promises';
import { deriveTopology, queueName } from '@wbor/contracts';
import type { Channel } from 'amqplib';
import { expect, it } from 'vitest';
import { declareTopology } from '../src/topology.ts';
import { parked, useBed, work } from './broker-bed.ts';

const bed = useBed();

async function openDeadChannel(): Promise<Channel> {
  const channel = await bed.openAdmin();
  await channel.close();
  return channel;
}

it('channels that are set up together declare the topology once, and later ones anew', async () => {
  const topology = deriveTopology([parked, work], bed.namespace);
  const channel = await bed.openAdmin();
  const dead = await openDeadChannel();
  // It could declare nothing by itself.
  await Promise.all([declareTopology(channel, topology), declareTopology(dead, topology)]);
  await declareTopology(dead, topology);

  const queue = queueName(work, bed.namespace);
  await channel.deleteQueue(queue);
  await delay(1_100);
  await declareTopology(channel, topology);
  expect(await channel.checkQueue(queue)).toMatchObject({ queue });
});

it('a channel that could not declare the topology leaves it to the next', async () => {
  const topology = deriveTopology([parked, work], bed.namespace);
  const channel = await bed.openAdmin();
  const failing = declareTopology(await openDeadChannel(), topology);
  await Promise.all([expect(failing).rejects.toThrow(), declareTopology(channel, topology)]);
  expect(await channel.checkQueue(queueName(work, bed.namespace))).toMatchObject({ messageCount: 0 });
});
