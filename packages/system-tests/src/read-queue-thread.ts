import { parentPort, workerData } from 'node:worker_threads';
import { connectAmqp } from '@wbor/testkit';
import type { ReadMessage, ReadQueueTask } from './read-queue.ts';

// The thread of read-queue.ts, with a stack of its own.

const { url, queue } = workerData as ReadQueueTask;
const connection = await connectAmqp(url);
const found: ReadMessage[] = [];
const channel = await connection.createChannel();
channel.on('error', () => undefined);
const get = () => channel.get(queue).catch(() => false as const);
for (let message = await get(); message !== false; message = await get()) {
  const text = JSON.stringify(message.properties, (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  found.push({ content: message.content, properties: text });
}
// What was not acked goes back.
await connection.close();
parentPort?.postMessage(found);
