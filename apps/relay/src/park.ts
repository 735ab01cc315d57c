import { type Broker, type Delivery, parkDelivery, type ScreenReason } from '@wbor/amqp';
import type { ReadFault } from '@wbor/contracts';

/** Why a message lies in `relay.parked`. Stable: people filter by it. */
export type ParkReason = ScreenReason | ReadFault['code'] | 'empty' | 'too-long' | 'rejected' | 'fault';

export interface Parker {
  /** Full name of the queue that parked messages are in. */
  readonly queue: string;
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
    queue: options.parkedQueue,
    async park(delivery, { replacement, ...why }) {
      await parkDelivery(options.broker, delivery, {
        ...why,
        ...(replacement === undefined ? {} : { content: Buffer.from(JSON.stringify(replacement)) }),
        parkedQueue: options.parkedQueue,
      });
      options.onParked(why.reason);
    },
  };
}
