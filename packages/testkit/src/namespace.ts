import { randomBytes } from 'node:crypto';
import {
  auditQueues,
  moderatorQueues,
  type Namespace,
  ownExchange,
  queueName,
  relayQueues,
} from '@wbor/contracts';
import { connectAmqp } from './amqp.ts';

/** Names that no other test uses: an exchange, and what every queue's name begins with. */
export function createNamespace(): Namespace {
  const id = randomBytes(6).toString('hex');
  return { exchange: `test_${id}_exchange`, queuePrefix: `test_${id}.` };
}

/** Deletes the namespace's exchange and every queue of ours in it. What is not there is no error. */
export async function deleteNamespace(url: string, namespace: Namespace): Promise<void> {
  const connection = await connectAmqp(url);
  try {
    const channel = await connection.createChannel();
    for (const queue of [...relayQueues, ...auditQueues, ...moderatorQueues])
      await channel.deleteQueue(queueName(queue, namespace));
    await channel.deleteExchange(namespace.exchange);
    for (const service of ['gateway', 'audit-logger', 'moderator'] as const)
      await channel.deleteExchange(ownExchange(service, [], namespace).name);
  } finally {
    await connection.close();
  }
}
