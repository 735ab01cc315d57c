import { errorMessage } from '@wbor/async';
import type { Channel } from 'amqplib';

/**
 * Takes a lock for this connection: an exclusive queue, which the broker removes the moment the connection is gone.
 *
 * @throws when another connection holds it, see {@link isLocked}; the broker closes the channel then.
 */
export async function takeLock(channel: Channel, name: string): Promise<void> {
  await channel.assertQueue(name, { exclusive: true, durable: false });
}

/** The broker's answer to declaring an exclusive queue that another connection holds. */
export function isLocked(error: unknown): boolean {
  return /RESOURCE[_-]LOCKED/.test(errorMessage(error));
}
