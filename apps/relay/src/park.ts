import { type Broker, type Delivery, parkDelivery } from '@wbor/amqp';
import type { ReadFault } from '@wbor/contracts';

/** Why a message lies in `relay.parked`. Stable: people filter by it. */
export type ParkReason = ReadFault['code'] | 'empty' | 'too-long' | 'rejected' | 'fault';

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
    async park(delivery, { replacement, ...why }) {
      const content = replacement === undefined ? delivery.content : Buffer.from(JSON.stringify(replacement));
      await parkDelivery(options.broker, delivery, { ...why, content, parkedQueue: options.parkedQueue });
      options.onParked(why.reason);
    },
  };
}
