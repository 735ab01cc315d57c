import { deriveTopology, relayQueues, relayTwilioQueue } from '@wbor/contracts';
import { connectAmqp, createNamespace, deleteNamespace, publishRaw } from '@wbor/testkit';
import { expect, inject, it, onTestFinished } from 'vitest';
import { inspectBroker } from '../src/index.ts';

it('a look at the broker leaves queues and messages as they are', async () => {
  const url = inject('brokerUrl');
  const namespace = createNamespace();
  const connection = await connectAmqp(url);
  const inspection = await inspectBroker({ url });
  onTestFinished(async () => {
    await inspection.close();
    await deleteNamespace(url, namespace);
    await connection.close();
  });
  const channel = await connection.createConfirmChannel();
  const [queue] = deriveTopology([relayTwilioQueue], namespace).queues;
  if (queue === undefined) throw new Error('there is no queue');
  await channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments });
  await publishRaw(channel, '', queue.name, Buffer.from('{}'));

  for (const declared of deriveTopology(relayQueues, namespace).queues) {
    const isThere = declared.name === queue.name;
    expect(await inspection.compareQueue(declared)).toMatchObject({ is: isThere ? 'ok' : 'missing' });
    expect(await inspection.tryToRead(declared.name)).toMatchObject({ is: isThere ? 'ok' : 'missing' });
    // Whatever a queue is called, the user may write there.
    expect(await inspection.tryToWrite('', declared.name)).toEqual({ is: 'ok' });
    expect(await inspection.lookAtQueue(declared.name)).toEqual(
      isThere ? { messages: 1, consumers: 0 } : undefined,
    );
  }
  expect(await inspection.compareExchange(namespace.exchange)).toMatchObject({ is: 'missing' });
  expect(await inspection.lookAtExchange(namespace.exchange)).toMatchObject({ is: 'missing' });
  const other = { ...queue, arguments: { ...queue.arguments, 'x-delivery-limit': 7 } };
  expect(await inspection.compareQueue(other)).toEqual({
    is: 'different',
    detail: expect.stringContaining('x-delivery-limit'),
  });
  const message = await new Promise((resolve) => channel.consume(queue.name, resolve, { noAck: true }));
  expect(message).toMatchObject({ content: Buffer.from('{}'), fields: { redelivered: false } });
});
