import { type Broker, PublishError } from '@wbor/amqp';
import {
  type ImageEvent,
  imageEvent,
  type PostEvent,
  postEvent,
  type UndisplayedEvent,
  undisplayedEvent,
} from '@wbor/contracts';
import type { Logger } from '@wbor/service';

/** Header of a post's event: the AMQP id of the planned message, by which a relay that takes over knows it. */
export const PLAN_ID_HEADER = 'x-plan-id';

/** Publishes on the exchange what was done at GroupMe; the audit-logger stores it. */
export interface AuditEvents {
  /**
   * Resolves when the broker has confirmed the event; goes on trying while the broker is away. Never rejects: an event
   * that cannot be stored is logged, since the post itself is done.
   */
  post(event: PostEvent, ids: { readonly messageId: string; readonly planId?: string }): Promise<void>;
  image(event: ImageEvent): Promise<void>;
  undisplayed(event: UndisplayedEvent): Promise<void>;
  /** Gives what is being published this long, then gives up. */
  drain(timeoutMs: number): Promise<void>;
}

export function createAuditEvents(broker: Broker, logger: Logger): AuditEvents {
  const giveUp = new AbortController();
  const pending = new Set<Promise<void>>();

  function publish(
    key: string,
    event: PostEvent | ImageEvent | UndisplayedEvent,
    ids: { readonly messageId?: string; readonly planId?: string } = {},
  ): Promise<void> {
    const { messageId, planId } = ids;
    const work = broker
      .publishUntilConfirmed(
        {
          routingKey: key,
          body: event,
          ...(messageId === undefined ? {} : { messageId }),
          ...(planId === undefined ? {} : { headers: { [PLAN_ID_HEADER]: planId } }),
        },
        giveUp.signal,
      )
      .catch((error: unknown) => {
        // A queue for the audit is declared by us, so this means that somebody deleted it, or that we were stopped
        // while the broker was away.
        logger.error(
          {
            key,
            wbor_message_id: event.wbor_message_id,
            error: error instanceof PublishError ? error.code : String(error),
          },
          'an audit event was not stored',
        );
      })
      .finally(() => pending.delete(work));
    pending.add(work);
    return work;
  }

  return {
    post: (event, ids) => publish(postEvent.key, event, ids),
    image: (event) => publish(imageEvent.key, event),
    undisplayed: (event) => publish(undisplayedEvent.key, event),
    async drain(timeoutMs) {
      const timer = setTimeout(() => giveUp.abort(), timeoutMs);
      await Promise.allSettled(pending);
      clearTimeout(timer);
    },
  };
}
