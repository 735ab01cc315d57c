import { ORIGINAL_KEY_HEADER, PARKED_HEADERS } from '@wbor/contracts';
import type { Broker } from './broker-types.ts';
import { parkableHeaders, parkableText } from './parkable-headers.ts';
import type { BytesOptions, Delivery } from './types.ts';

/**
 * The routing key that a message was first published with. A replay goes through the default exchange, which knows
 * queues by name only, so it brings that key in a header. Whoever decides by the key must ask here.
 */
export function originalKey(delivery: Pick<Delivery, 'exchange' | 'routingKey' | 'headers'>): string {
  const replayed = delivery.headers[ORIGINAL_KEY_HEADER];
  return delivery.exchange === '' && typeof replayed === 'string' ? replayed : delivery.routingKey;
}

const MAX_ERROR_LENGTH = 500;
const MAX_KEY_LENGTH = 255;

/** Reason of what another service had in hand when it was taken over from; it goes back to that one, or to ours. */
export const HANDED_OUT_BEFORE = 'handed-out-before';

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
 * message stays where it was. Any message can be parked: headers and properties that cannot be published again are left
 * out, and the headers among them named.
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
      ...propertiesOf(delivery, parking.content !== undefined),
      headers: {
        ...parkableHeaders(delivery.headers),
        [PARKED_HEADERS.reason]: parking.reason,
        [PARKED_HEADERS.error]: parking.error.slice(0, MAX_ERROR_LENGTH),
        [PARKED_HEADERS.queue]: parking.queue,
        [PARKED_HEADERS.exchange]: delivery.exchange,
        // Not the queue's name that a replay came with: the next replay would know no other key.
        [PARKED_HEADERS.routingKey]: originalKey(delivery).slice(0, MAX_KEY_LENGTH),
        [PARKED_HEADERS.at]: new Date().toISOString(),
        ...(parking.wborMessageId === undefined ? {} : { [PARKED_HEADERS.messageId]: parking.wborMessageId }),
      },
    },
    signal,
  );
  delivery.ack();
}

/** What a replay needs to be the message that it was. */
function propertiesOf(delivery: Delivery, isReplaced: boolean): BytesOptions {
  const contentType = isReplaced ? undefined : parkableText(delivery.contentType);
  const contentEncoding = isReplaced ? undefined : parkableText(delivery.contentEncoding);
  return {
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    priority: delivery.priority,
  };
}
