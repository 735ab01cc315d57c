import { setTimeout as delay } from 'node:timers/promises';
import type { Broker } from '@wbor/amqp';
import type { PlannedMessage, Reply } from '@wbor/contracts';
import type { Logger } from '@wbor/service';
import { request } from 'undici';

/** Whom to tell how a message ended. */
export interface Addressee {
  readonly messageId: string;
  /** Whether the SMS service waits for a POST to ACK_URL. */
  readonly acknowledge: boolean;
  readonly replyTo: string | undefined;
  readonly correlationId: string | undefined;
}

export function addresseeOf(planned: PlannedMessage): Addressee {
  return {
    messageId: planned.wbor_message_id,
    acknowledge: planned.acknowledge,
    replyTo: planned.reply_to,
    correlationId: planned.correlation_id,
  };
}

/** Tells producers how their message ended. Never holds up or undoes a delivery. */
export interface Acknowledger {
  succeeded(addressee: Addressee): void;
  failed(addressee: Addressee, code: number, reason: string): void;
  /** Waits for what is under way, at most `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

const TRIES = 3;
const TRY_TIMEOUT_MS = 3_000;
const PAUSE_MS = 500;

/** A reply address is a queue's name: printable, of AMQP's length, no queue of our own. */
const REPLY_TO_PATTERN = /^[\x21-\x7e]{1,255}$/;

export function createAcknowledger(options: {
  broker: Broker;
  ackUrl: string | undefined;
  /** Whether a queue name is one of the relay's or the audit's own: a reply there would be taken for work. */
  isOwnQueue: (name: string) => boolean;
  logger: Logger;
}): Acknowledger {
  const { broker, ackUrl, logger } = options;
  const pending = new Set<Promise<void>>();

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => pending.delete(tracked));
    pending.add(tracked);
  }

  async function reply(addressee: Addressee, body: Reply): Promise<void> {
    const { replyTo, correlationId } = addressee;
    if (replyTo === undefined) return;
    if (!REPLY_TO_PATTERN.test(replyTo) || options.isOwnQueue(replyTo)) {
      logger.warn({ message_id: addressee.messageId }, 'a producer gave an unusable reply address');
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
      logger.warn({ message_id: addressee.messageId, error: textOf(error) }, 'could not reply to a producer');
    }
  }

  async function acknowledge(messageId: string, url: string): Promise<void> {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      try {
        const answer = await request(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ wbor_message_id: messageId }),
          signal: AbortSignal.timeout(TRY_TIMEOUT_MS),
        });
        await answer.body.dump();
        if (answer.statusCode < 300) {
          logger.debug({ message_id: messageId, attempt }, 'acknowledged to the SMS service');
          return;
        }
        if (answer.statusCode === 404) {
          logger.warn(
            { message_id: messageId, code: 404 },
            'the SMS service had given up waiting for this message',
          );
          return;
        }
        logger.warn(
          { message_id: messageId, attempt, code: answer.statusCode },
          'the SMS service refused our word',
        );
      } catch (error) {
        logger.warn(
          { message_id: messageId, attempt, error: textOf(error) },
          'could not reach the SMS service',
        );
      }
      if (attempt < TRIES) await delay(PAUSE_MS * attempt);
    }
    logger.error({ message_id: messageId }, 'the SMS service was not told; it will use its fallback');
  }

  return {
    succeeded(addressee) {
      track(reply(addressee, { status: 'success', message_id: addressee.messageId }));
      if (addressee.acknowledge && ackUrl !== undefined) track(acknowledge(addressee.messageId, ackUrl));
    },
    failed(addressee, code, reason) {
      track(reply(addressee, { status: 'failed', message_id: addressee.messageId, code, reason }));
    },
    async drain(timeoutMs) {
      await Promise.race([Promise.allSettled(pending), delay(timeoutMs, undefined, { ref: false })]);
    },
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
