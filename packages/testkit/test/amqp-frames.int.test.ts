import { expect, inject, it } from 'vitest';
import {
  connectAmqp,
  publishFrames,
  type WireProperties,
  wireNested,
  wireTable,
  wireText,
  wireValue,
} from '../src/index.ts';

/** What a plain consumer gets of a message that was published frame by frame. */
async function roundTrip(content: Buffer, properties: WireProperties) {
  const connection = await connectAmqp(inject('brokerUrl'));
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await publishFrames(channel, '', queue, content, properties);
    const message = await channel.get(queue, { noAck: true });
    if (message === false) throw new Error('nothing came');
    return message;
  } finally {
    await connection.close();
  }
}

it('publishes what a well-behaved client would', async () => {
  const content = Buffer.alloc(300_000, 'x');
  const { properties, content: received } = await roundTrip(content, {
    contentType: 'text/plain',
    correlationId: 'c',
    replyTo: 'r',
    messageId: 'm',
    priority: 3,
    timestamp: 1_795_610_177n,
    headers: wireTable({ a: wireText('b'), n: wireValue('I', Buffer.from([0, 0, 0, 7])) }),
  });
  expect(received.equals(content)).toBe(true);
  expect(properties).toMatchObject({
    contentType: 'text/plain',
    correlationId: 'c',
    replyTo: 'r',
    messageId: 'm',
    priority: 3,
    timestamp: 1_795_610_177,
    deliveryMode: 2,
    headers: { a: 'b', n: 7 },
  });
});

it.each(['F', 'A'] as const)('nests %s as deep as it is told', async (kind) => {
  const { properties } = await roundTrip(Buffer.from('x'), {
    headers: wireTable({ deep: wireNested(kind, 5) }),
  });
  const value: unknown = properties.headers?.deep;
  expect(value).toEqual(kind === 'F' ? { a: { a: { a: { a: {} } } } } : [[[[[]]]]]);
});
