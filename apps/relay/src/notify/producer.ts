import type { Broker } from '@wbor/amqp';
import { createTaskTracker } from '@wbor/async';
import type { PlannedMessage } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import { createInterimReplySender, createReplySender, type ReplyAddress } from './amqp-reply.ts';
import { createSmsAcknowledger } from './sms-acknowledgement.ts';

/** Where a producer waits to hear how its message ended. */
export interface ReplyTarget extends ReplyAddress {
  /** Whether the SMS service waits for a POST to ACK_URL. */
  readonly acknowledge: boolean;
}

export function replyTargetOf(planned: PlannedMessage): ReplyTarget {
  return {
    wborMessageId: planned.wbor_message_id,
    acknowledge: planned.acknowledge,
    replyTo: planned.reply_to,
    correlationId: planned.correlation_id,
  };
}

/** Tells producers how their message ended. Never holds up or undoes a delivery. */
export interface ProducerNotifier {
  succeeded(target: ReplyTarget): void;
  failed(target: ReplyTarget, code: number, reason: string): void;
  /**
   * Tells that the message is about to be posted.
   *
   * @returns whether the producer's queue has that, before `giveUp` was aborted.
   */
  posting(target: ReplyTarget, giveUp: AbortSignal): Promise<boolean>;
  /** Waits for what is under way, at most `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

export function createProducerNotifier(options: {
  broker: Pick<Broker, 'replyUntilConfirmed'>;
  /** Where the SMS service takes acknowledgements; none are sent without it. */
  ackUrl: string | undefined;
  /** Whether a queue's name is one of our own: a reply there would be taken for work. */
  isOwnQueue: (name: string) => boolean;
  logger: Logger;
}): ProducerNotifier {
  const { ackUrl, logger } = options;
  const reply = createReplySender(options);
  const replyInterim = createInterimReplySender(options);
  const acknowledge = ackUrl === undefined ? undefined : createSmsAcknowledger({ ackUrl, logger });
  const tasks = createTaskTracker();

  return {
    succeeded(target) {
      tasks.track(reply(target, { status: 'success', message_id: target.wborMessageId }));
      if (target.acknowledge && acknowledge) tasks.track(acknowledge(target.wborMessageId));
    },
    failed(target, code, reason) {
      tasks.track(reply(target, { status: 'failed', message_id: target.wborMessageId, code, reason }));
    },
    posting: (target, giveUp) => replyInterim(target, giveUp),
    async drain(timeoutMs) {
      await tasks.drain(timeoutMs);
    },
  };
}
