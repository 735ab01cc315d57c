import type { PlannedMessage } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import { v5 as uuidv5 } from 'uuid';
import { type Acknowledger, addresseeOf } from '../delivery/acknowledger.ts';
import type { EventPublisher } from '../events.ts';
import type { RelayMetrics } from '../metrics.ts';

/** Ends a message of a banned sender in place of posting it. */
export interface Blocker {
  /**
   * Tells the audit, then the producer that all is done: the SMS service would post the message itself otherwise.
   * Resolves when the broker has the audit's event; the caller acks then.
   *
   * @param message as it would have been posted; of its parts the first is told, if there is one.
   */
  block(message: PlannedMessage): Promise<void>;
}

/** Namespace of the ids of these events: blocked at intake or in delivery, once or again, it is one row. */
const BLOCKED_NAMESPACE = 'a3c1d2a4-8a5f-5d0e-9b57-0f3f6f0c7e55';

export function createBlocker(options: {
  botId: string;
  events: EventPublisher;
  acknowledger: Acknowledger;
  metrics: RelayMetrics;
  logger: Logger;
}): Blocker {
  return {
    async block(message) {
      const { wbor_message_id: messageId, source, parts } = message;
      options.metrics.posts.inc({ outcome: 'blocked' });
      options.logger.info(
        { message_id: messageId, source, outcome: 'blocked' },
        'not posted: the sender is banned',
      );
      await options.events.post(
        {
          text: parts[0]?.text ?? '',
          bot_id: options.botId,
          source,
          code: 0,
          type: 'log',
          wbor_message_id: messageId,
          part: 1,
          parts: Math.max(parts.length, 1),
          outcome: 'blocked',
          ...(message.sender === undefined ? {} : { sender: message.sender }),
          ...(message.sender_name === undefined ? {} : { sender_name: message.sender_name }),
        },
        { messageId: uuidv5(messageId, BLOCKED_NAMESPACE) },
      );
      options.acknowledger.succeeded(addresseeOf(message));
    },
  };
}
