import { type Broker, type Delivery, parkDelivery } from '@wbor/amqp';
import { auditParkedQueue, type Namespace, queueName } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import type { AuditEvent } from '../intake/parse-event.ts';

/** Longer than a broker takes that is well. */
const STUCK_AFTER_MS = 10_000;

/** Puts events into `audit-logger.parked` that have no place in Postgres. */
export interface Parking {
  park(event: AuditEvent, delivery: Delivery, reason: string, signal: AbortSignal): Promise<void>;
  /** Says so when one cannot be parked for a while: until it is, nothing behind it is stored. */
  fault(): string | undefined;
}

export function createParking(options: {
  readonly broker: () => Broker | undefined;
  readonly namespace: Namespace;
  readonly onParked: () => void;
  readonly logger: Logger;
}): Parking {
  const { logger, namespace } = options;
  let sinceMs: number | undefined;
  return {
    async park(event, delivery, reason, signal) {
      const broker = options.broker();
      // A delivery has come from it.
      if (!broker) throw new Error('not connected to the broker yet');
      sinceMs = performance.now();
      try {
        await parkDelivery(
          broker,
          delivery,
          {
            parkedQueue: queueName(auditParkedQueue, namespace),
            queue: delivery.queue,
            reason: 'not-storable',
            error: reason,
          },
          signal,
        );
      } finally {
        sinceMs = undefined;
      }
      options.onParked();
      logger.error(
        {
          event_id: event.eventId,
          routing_key: event.routingKey,
          amqp_message_id: delivery.messageId,
          reason,
        },
        'parked an event that Postgres cannot store',
      );
    },
    fault() {
      const stuck = sinceMs !== undefined && performance.now() - sinceMs > STUCK_AFTER_MS;
      return stuck
        ? 'an event that Postgres cannot store cannot be parked; nothing is stored meanwhile'
        : undefined;
    },
  };
}
