import { ORIGINAL_KEY_HEADER, PARKED_HEADERS } from '@wbor/contracts';
import type { Broker, Delivery } from './types.ts';

/**
 * The routing key that a message was first published with. A replay goes through the default exchange, which knows
 * queues by name only, so it brings that key in a header. Whoever decides by the key must ask here.
 */
export function originalKey(delivery: Pick<Delivery, 'exchange' | 'routingKey' | 'headers'>): string {
  const replayed = delivery.headers[ORIGINAL_KEY_HEADER];
  return delivery.exchange === '' && typeof replayed === 'string' ? replayed : delivery.routingKey;
}

const MAX_ERROR_LENGTH = 500;

/** Where a message is parked, and what a person is told about it. */
export interface Parking {
  /** Full name of the parking queue. */
  readonly parkedQueue: string;
  /** Full name of the queue that the message came from, to which it is replayed. */
  readonly queue: string;
  /** Stable: people filter by it. */
  readonly reason: string;
  readonly error: string;
  /** Default: the bytes as they came. */
  readonly content?: Buffer;
  readonly wborMessageId?: string;
}

/**
 * Parks a message and takes it out of its queue. Waits until the broker has it; if that is not possible the
 * message stays where it was.
 *
 * @throws the reason of `signal`, by default the delivery's own, once that is aborted; see `sendBytesUntilConfirmed`.
 */
export async function parkDelivery(
  broker: Broker,
  delivery: Delivery,
  parking: Parking,
  signal: AbortSignal = delivery.signal,
): Promise<void> {
  await broker.sendBytesUntilConfirmed(
    parking.parkedQueue,
    parking.content ?? delivery.content,
    {
      type: 'parked',
      headers: {
        ...delivery.headers,
        [PARKED_HEADERS.reason]: parking.reason,
        [PARKED_HEADERS.error]: parking.error.slice(0, MAX_ERROR_LENGTH),
        [PARKED_HEADERS.queue]: parking.queue,
        [PARKED_HEADERS.exchange]: delivery.exchange,
        // Not the queue's name that a replay came with: the next replay would know no other key.
        [PARKED_HEADERS.routingKey]: originalKey(delivery),
        [PARKED_HEADERS.at]: new Date().toISOString(),
        ...(parking.wborMessageId === undefined ? {} : { [PARKED_HEADERS.messageId]: parking.wborMessageId }),
      },
    },
    signal,
  );
  delivery.ack();
}
