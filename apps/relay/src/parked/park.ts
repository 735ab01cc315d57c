import type { Broker, Delivery } from '@wbor/amqp';
import { v7 as uuidv7 } from 'uuid';

/** Why a message lies in `relay.parked`. Stable: people filter by it. */
export type ParkReason =
  | 'invalid-utf8'
  | 'invalid-json'
  | 'invalid-message'
  | 'empty'
  | 'too-long'
  | 'rejected';

/** Headers that parking adds; replaying takes them off again. */
export const PARKED_HEADERS = {
  reason: 'x-parked-reason',
  error: 'x-parked-error',
  queue: 'x-parked-queue',
  exchange: 'x-parked-exchange',
  routingKey: 'x-parked-routing-key',
  at: 'x-parked-at',
  messageId: 'x-parked-message-id',
} as const;

const MAX_ERROR_LENGTH = 500;

export interface Parker {
  /**
   * Puts a message aside, bytes as they came or `replacement`, and takes it out of its queue. Waits until the
   * broker has it; if that is not possible the message stays where it was.
   */
  park(
    delivery: Delivery,
    why: { queue: string; reason: ParkReason; error: string; replacement?: unknown; wborMessageId?: string },
  ): Promise<void>;
}

export function createParker(options: {
  broker: Broker;
  parkedQueue: string;
  onParked: (reason: ParkReason) => void;
}): Parker {
  return {
    async park(delivery, why) {
      const content =
        why.replacement === undefined ? delivery.content : Buffer.from(JSON.stringify(why.replacement));
      await options.broker.publishUntilConfirmed(
        {
          exchange: '',
          routingKey: options.parkedQueue,
          bytes: content,
          messageId: uuidv7(),
          type: 'parked',
          headers: {
            ...delivery.headers,
            [PARKED_HEADERS.reason]: why.reason,
            [PARKED_HEADERS.error]: why.error.slice(0, MAX_ERROR_LENGTH),
            [PARKED_HEADERS.queue]: why.queue,
            [PARKED_HEADERS.exchange]: delivery.exchange,
            [PARKED_HEADERS.routingKey]: delivery.routingKey,
            [PARKED_HEADERS.at]: new Date().toISOString(),
            ...(why.wborMessageId === undefined ? {} : { [PARKED_HEADERS.messageId]: why.wborMessageId }),
          },
        },
        delivery.signal,
      );
      options.onParked(why.reason);
      delivery.ack();
    },
  };
}
