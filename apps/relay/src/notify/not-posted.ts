import type { Outcome, PlannedMessage, PostEvent } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import { v5 as uuidv5 } from 'uuid';
import type { RelayMetrics } from '../metrics.ts';
import type { AuditEvents } from './audit-events.ts';
import { type ProducerNotifier, replyTargetOf } from './producer.ts';

/** What a producer has posted by itself. */
interface OwnPost {
  readonly wborMessageId: string;
  readonly source: string;
  readonly text?: string | undefined;
  readonly pictureUrl?: string | undefined;
  readonly botId?: string | undefined;
  readonly statusCode?: number | undefined;
  readonly sender?: string | undefined;
  readonly senderName?: string | undefined;
  /** All that the producer said about it. */
  readonly payload: Readonly<Record<string, unknown>>;
}

/**
 * Ends a message for which no call is made: tells the audit, then the producer. Each resolves once the broker has stored
 * the audit's event; the caller acknowledges then. The event of one message has one id, so that it is one row however
 * often the message is delivered.
 */
export interface NotPosted {
  /**
   * The sender is banned. The producer is told that all is done: the SMS service would post the message itself
   * otherwise.
   *
   * @param planned as it would have been posted; of its parts the first is recorded, if there is one.
   */
  blocked(planned: PlannedMessage): Promise<void>;
  /** The producer's deadline has passed, so that it has posted by itself. */
  expired(planned: PlannedMessage, planId: string): Promise<void>;
  /**
   * The producer has posted by itself and wants that recorded: its payload goes out as it came, with what the audit
   * needs.
   *
   * @param origin the producer's message as it came.
   */
  alreadySent(post: OwnPost, origin: { messageId: string | undefined; content: Buffer }): Promise<void>;
}

/** Namespace of the ids of events of banned senders: blocked at intake or in delivery, it is one row. */
const BLOCKED_NAMESPACE = 'a3c1d2a4-8a5f-5d0e-9b57-0f3f6f0c7e55';
/** Namespace of the ids of already-sent logs. */
const ALREADY_SENT_NAMESPACE = '6f1f3a52-3a0b-5c55-9d2f-0a9b8f6f1c11';

export function createNotPosted(options: {
  /** Published with logs of producers that name no bot; never logged. */
  botId: string;
  audit: AuditEvents;
  producer: ProducerNotifier;
  metrics: RelayMetrics;
  logger: Logger;
}): NotPosted {
  const { audit, botId, logger, metrics, producer } = options;

  async function record(
    outcome: Outcome,
    planned: PlannedMessage,
    eventId: string,
    more: Pick<PostEvent, 'deliver_by'> = {},
  ): Promise<void> {
    metrics.posts.inc({ outcome });
    await audit.post(
      {
        text: planned.parts[0]?.text ?? '',
        bot_id: botId,
        source: planned.source,
        code: 0,
        type: 'log',
        wbor_message_id: planned.wbor_message_id,
        part: 1,
        parts: Math.max(planned.parts.length, 1),
        outcome,
        ...(planned.sender === undefined ? {} : { sender: planned.sender }),
        ...(planned.sender_name === undefined ? {} : { sender_name: planned.sender_name }),
        ...more,
      },
      { messageId: eventId },
    );
  }

  return {
    async blocked(planned) {
      const { wbor_message_id, source } = planned;
      logger.info({ wbor_message_id, source, outcome: 'blocked' }, 'not posted: the sender is banned');
      // Ids are the producers' own: several messages may have the same one.
      const words = planned.parts.map(({ text }) => text);
      await record('blocked', planned, uuidv5([wbor_message_id, ...words].join('\n'), BLOCKED_NAMESPACE));
      producer.succeeded(replyTargetOf(planned));
    },
    async expired(planned, planId) {
      const { deliver_by: deadlineMs, wbor_message_id, source } = planned;
      logger.warn(
        { wbor_message_id, source, outcome: 'expired' },
        'not posted: the deadline has passed, and the producer has posted by itself',
      );
      const deadline = deadlineMs === undefined ? {} : { deliver_by: new Date(deadlineMs).toISOString() };
      await record('expired', planned, planId, deadline);
      const reason = 'the deadline passed before the message could be posted';
      producer.failed(replyTargetOf(planned), 408, reason);
    },
    async alreadySent(post, origin) {
      const { wborMessageId, source, payload } = post;
      const idBase = origin.messageId ?? wborMessageId;
      await audit.post(
        {
          ...payload,
          bot_id: post.botId ?? botId,
          source,
          code: post.statusCode ?? 0,
          type: 'log',
          wbor_message_id: wborMessageId,
          outcome: 'already-sent',
          text: post.text,
          picture_url: post.pictureUrl,
          sender: post.sender,
          sender_name: post.senderName,
        },
        { messageId: uuidv5(`${idBase}\n${origin.content}`, ALREADY_SENT_NAMESPACE) },
      );
      logger.info(
        { wbor_message_id: wborMessageId, source, outcome: 'already-sent' },
        'logged a producer’s own post',
      );
    },
  };
}
