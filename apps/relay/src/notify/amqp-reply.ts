import type { Broker } from '@wbor/amqp';
import { errorMessage, untilAborted } from '@wbor/async';
import type { Reply } from '@wbor/contracts';
import type { Logger } from '@wbor/service';

/** The producer's address for a reply, as it gave it: nobody has checked it. */
export interface ReplyAddress {
  readonly wborMessageId: string;
  readonly replyTo: string | undefined;
  readonly correlationId: string | undefined;
}

/** Publishes a reply to a producer that asked for one. Never rejects: what cannot be sent is logged. */
export type SendReply = (address: ReplyAddress, body: Reply) => Promise<void>;

/**
 * Tells a producer that its message is about to be posted. Never rejects.
 *
 * @returns whether the broker has put that into a queue of the producer's, before `giveUp` was aborted.
 */
export type SendInterimReply = (address: ReplyAddress, giveUp: AbortSignal) => Promise<boolean>;

const REPLY_TIMEOUT_MS = 9_000;

/** A reply address is a queue's name: printable, of AMQP's length, no queue of our own. */
const REPLY_TO_PATTERN = /^[\x21-\x7e]{1,255}$/;

interface ReplyOptions {
  readonly broker: Pick<Broker, 'replyUntilConfirmed'>;
  /** Whether a queue's name is one of our own: a reply there would be taken for work. */
  readonly isOwnQueue: (name: string) => boolean;
  readonly logger: Logger;
}

export function createInterimReplySender({ broker, isOwnQueue, logger }: ReplyOptions): SendInterimReply {
  return async ({ correlationId, replyTo, wborMessageId }, giveUp) => {
    if (replyTo === undefined || !REPLY_TO_PATTERN.test(replyTo) || isOwnQueue(replyTo)) return false;
    const told = broker
      .replyUntilConfirmed(
        replyTo,
        { status: 'posting', message_id: wborMessageId },
        { correlationId, mandatory: true },
        giveUp,
      )
      .then(
        () => true,
        (error: unknown) => {
          logger.info(
            { wbor_message_id: wborMessageId, error: errorMessage(error) },
            'could not tell a producer that its message is about to be posted',
          );
          return false;
        },
      );
    return Promise.race([told, untilAborted(giveUp).then(() => false)]);
  };
}

export function createReplySender(options: ReplyOptions): SendReply {
  const { broker, isOwnQueue, logger } = options;
  return async ({ wborMessageId, replyTo, correlationId }, body) => {
    if (replyTo === undefined) return;
    if (!REPLY_TO_PATTERN.test(replyTo) || isOwnQueue(replyTo)) {
      logger.warn({ wbor_message_id: wborMessageId }, 'a producer gave an unusable reply address');
      return;
    }
    try {
      await broker.replyUntilConfirmed(
        replyTo,
        body,
        correlationId === undefined ? {} : { correlationId },
        AbortSignal.timeout(REPLY_TIMEOUT_MS),
      );
    } catch (error) {
      logger.warn(
        { wbor_message_id: wborMessageId, error: errorMessage(error) },
        'could not reply to a producer',
      );
    }
  };
}
