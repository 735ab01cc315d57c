import { type Broker, type Delivery, parkDelivery, type ScreenReason } from '@wbor/amqp';
import type { ReadFault } from '@wbor/contracts';

/** Why a message lies in `relay.parked`. Stable: people filter by it. */
export type ParkReason = ScreenReason | ReadFault['code'] | 'empty' | 'too-long' | 'rejected' | 'fault';

export interface Parker {
  /** Full name of the queue that parked messages are in. */
  readonly queue: string;
  /** Counts a message that a consumer has parked by itself, and tells of it. */
  onParked(parked: Parked): void;
  /**
   * Puts a message aside, bytes as they came or `replacement`, and takes it out of its queue. Waits until the
   * broker has it; if that is not possible the message stays where it was.
   */
  park(
    delivery: Delivery,
    why: {
      queue: string;
      reason: ParkReason;
      error: string;
      replacement?: unknown;
      wborMessageId?: string;
      /** Who sent it, for the notice in the chat. */
      source?: string;
      /** It is a notice itself, of which there is none. */
      isNotice?: boolean;
    },
  ): Promise<void>;
}

/** A message that has been parked. */
export interface Parked {
  readonly reason: string;
  readonly queue: string;
  readonly source?: string | undefined;
  readonly wborMessageId?: string | undefined;
  readonly isNotice?: boolean | undefined;
}

export function createParker(options: {
  broker: Broker;
  parkedQueue: string;
  onParked: (parked: Parked) => void;
}): Parker {
  return {
    queue: options.parkedQueue,
    onParked: options.onParked,
    async park(delivery, { replacement, source, isNotice, ...why }) {
      await parkDelivery(options.broker, delivery, {
        ...why,
        ...(replacement === undefined ? {} : { content: Buffer.from(JSON.stringify(replacement)) }),
        parkedQueue: options.parkedQueue,
      });
      options.onParked({ ...why, source, isNotice });
    },
  };
}
