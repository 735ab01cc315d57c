import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '@wbor/amqp';
import type { PlannedMessage, Reply } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import { request } from 'undici';

/** Where a producer waits to hear how its message ended. */
export interface ReplyTarget {
  readonly wborMessageId: string;
  /** Whether the SMS service waits for a POST to ACK_URL. */
  readonly acknowledge: boolean;
  readonly replyTo: string | undefined;
  readonly correlationId: string | undefined;
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
  /** Waits for what is under way, at most `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

const TRIES = 3;
const TRY_TIMEOUT_MS = 3_000;
const PAUSE_MS = 500;

/** A reply address is a queue's name: printable, of AMQP's length, no queue of our own. */
const REPLY_TO_PATTERN = /^[\x21-\x7e]{1,255}$/;

export function createProducerNotifier(options: {
  broker: Broker;
  ackUrl: string | undefined;
  /** Whether a queue name is one of the relay's or the audit's own: a reply there would be taken for work. */
  isOwnQueue: (name: string) => boolean;
  logger: Logger;
}): ProducerNotifier {
  const { broker, ackUrl, logger } = options;
  const pending = new Set<Promise<void>>();

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => pending.delete(tracked));
    pending.add(tracked);
  }

  async function reply(target: ReplyTarget, body: Reply): Promise<void> {
    const { replyTo, correlationId } = target;
    if (replyTo === undefined) return;
    if (!REPLY_TO_PATTERN.test(replyTo) || options.isOwnQueue(replyTo)) {
      logger.warn({ wbor_message_id: target.wborMessageId }, 'a producer gave an unusable reply address');
      return;
    }
    try {
      await broker.publishUntilConfirmed(
        {
          exchange: '',
          routingKey: replyTo,
          type: 'reply',
          body,
          // The producer may have gone: that is its own affair.
          mandatory: false,
          ...(correlationId === undefined ? {} : { correlationId }),
        },
        AbortSignal.timeout(TRIES * TRY_TIMEOUT_MS),
      );
    } catch (error) {
      logger.warn(
        { wbor_message_id: target.wborMessageId, error: textOf(error) },
        'could not reply to a producer',
      );
    }
  }

  async function acknowledge(wborMessageId: string, url: string): Promise<void> {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      try {
        const answer = await request(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ wbor_message_id: wborMessageId }),
          signal: AbortSignal.timeout(TRY_TIMEOUT_MS),
        });
        await answer.body.dump();
        if (answer.statusCode < 300) {
          logger.debug({ wbor_message_id: wborMessageId, attempt }, 'acknowledged to the SMS service');
          return;
        }
        if (answer.statusCode === 404) {
          logger.warn(
            { wbor_message_id: wborMessageId, code: 404 },
            'the SMS service had given up waiting for this message',
          );
          return;
        }
        logger.warn(
          { wbor_message_id: wborMessageId, attempt, code: answer.statusCode },
          'the SMS service rejected the acknowledgement',
        );
      } catch (error) {
        logger.warn(
          { wbor_message_id: wborMessageId, attempt, error: textOf(error) },
          'could not reach the SMS service',
        );
      }
      if (attempt < TRIES) await delay(PAUSE_MS * attempt);
    }
    logger.error(
      { wbor_message_id: wborMessageId },
      'the SMS service could not be notified; it will use its fallback',
    );
  }

  return {
    succeeded(target) {
      track(reply(target, { status: 'success', message_id: target.wborMessageId }));
      if (target.acknowledge && ackUrl !== undefined) track(acknowledge(target.wborMessageId, ackUrl));
    },
    failed(target, code, reason) {
      track(reply(target, { status: 'failed', message_id: target.wborMessageId, code, reason }));
    },
    async drain(timeoutMs) {
      await Promise.race([Promise.allSettled(pending), delay(timeoutMs, undefined, { ref: false })]);
    },
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
