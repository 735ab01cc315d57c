import { type Broker, PublishError } from '@wbor/amqp';
import { createTaskTracker, errorMessage } from '@wbor/async';
import {
  type BodyOf,
  type ImageEvent,
  imageEvent,
  PLAN_ID_HEADER,
  type PostEvent,
  postEvent,
  type UndisplayedEvent,
  undisplayedEvent,
} from '@wbor/contracts';
import type { Logger } from '@wbor/service';

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

/** How long an event that is given up may take to be logged: a confirm under way is still waited for. */
const ABORT_TIMEOUT_MS = 500;

type AuditDefinition = typeof postEvent | typeof imageEvent | typeof undisplayedEvent;

export function createAuditEvents(broker: Broker, logger: Logger): AuditEvents {
  const giveUp = new AbortController();
  const tasks = createTaskTracker();

  function publish<Definition extends AuditDefinition>(
    definition: Definition,
    event: BodyOf<Definition> & { wbor_message_id: string },
    ids: { readonly messageId?: string; readonly planId?: string } = {},
  ): Promise<void> {
    const { messageId, planId } = ids;
    const published = broker
      .publishUntilConfirmed(
        definition,
        event,
        {
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
            key: definition.key,
            wbor_message_id: event.wbor_message_id,
            error: error instanceof PublishError ? error.code : errorMessage(error),
          },
          'an audit event was not stored',
        );
      });
    return tasks.track(published);
  }

  return {
    post: (event, ids) => publish(postEvent, event, ids),
    image: (event) => publish(imageEvent, event),
    undisplayed: (event) => publish(undisplayedEvent, event),
    async drain(timeoutMs) {
      if (await tasks.drain(timeoutMs)) return;
      giveUp.abort();
      await tasks.drain(ABORT_TIMEOUT_MS);
    },
  };
}
