import type { Broker } from '@wbor/amqp';
import { errorMessage } from '@wbor/async';
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

const REPLY_TIMEOUT_MS = 9_000;

/** A reply address is a queue's name: printable, of AMQP's length, no queue of our own. */
const REPLY_TO_PATTERN = /^[\x21-\x7e]{1,255}$/;

export function createReplySender(options: {
  broker: Pick<Broker, 'replyUntilConfirmed'>;
  /** Whether a queue's name is one of our own: a reply there would be taken for work. */
  isOwnQueue: (name: string) => boolean;
  logger: Logger;
}): SendReply {
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
