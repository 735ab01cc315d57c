import { type Broker, PublishError } from '@wbor/amqp';
import { createTaskTracker, errorMessage, sleep } from '@wbor/async';
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
   * Resolves when the broker has confirmed the event; goes on trying while the broker is away. An event that no queue takes is tried
   * again for two minutes, and not waited for. Never rejects: one that cannot be stored is logged, since the post itself is done.
   */
  post(event: PostEvent, ids: { readonly messageId: string; readonly planId?: string }): Promise<void>;
  image(event: ImageEvent): Promise<void>;
  undisplayed(event: UndisplayedEvent): Promise<void>;
  /** Gives what is being published this long, then gives up. */
  drain(timeoutMs: number): Promise<void>;
}

/** How long an event that is given up may take to be logged: a confirm under way is still waited for. */
const ABORT_TIMEOUT_MS = 500;

/** How long an event that no queue takes is tried again. */
const NOBODY_TAKES_IT_MS = 120_000;
const RETURNED_PAUSE_MS = 1_000;

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
    const options = {
      ...(messageId === undefined ? {} : { messageId }),
      ...(planId === undefined ? {} : { headers: { [PLAN_ID_HEADER]: planId } }),
    };
    const tryOnce = (): Promise<void> =>
      broker.publishUntilConfirmed(definition, event, options, giveUp.signal);
    function tell(error: unknown): void {
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
    }
    const published = tryOnce().catch((error: unknown) => {
      if (!isReturned(error)) return tell(error);
      // Nobody waits for that: the next post is more urgent than the row of this one.
      void tasks.track(tryAgain(tryOnce).catch(tell));
    });
    return tasks.track(published);
  }

  /**
   * A node of a cluster that has just come up, or is about to go, may say that nobody takes what its queues do take; and whoever
   * deleted a queue may have made it anew.
   *
   * @throws the last error, after two minutes or when we are stopped.
   */
  async function tryAgain(tryOnce: () => Promise<void>): Promise<void> {
    const giveUpAt = performance.now() + NOBODY_TAKES_IT_MS;
    for (;;) {
      await sleep(RETURNED_PAUSE_MS, giveUp.signal);
      try {
        return await tryOnce();
      } catch (error) {
        if (!isReturned(error) || giveUp.signal.aborted || performance.now() >= giveUpAt) throw error;
      }
    }
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

function isReturned(error: unknown): boolean {
  return error instanceof PublishError && error.code === 'RETURNED';
}
