import { errorMessage, sleep } from '@wbor/async';
import type { Logger } from '@wbor/service';
import { request } from 'undici';

/**
 * Tells the SMS service that a message is in the chat, in a few tries. Never rejects: the SMS service posts the message by
 * itself when it hears nothing.
 */
export type AcknowledgeSms = (wborMessageId: string) => Promise<void>;

const TRIES = 3;
const TRY_TIMEOUT_MS = 3_000;
const PAUSE_MS = 500;

export function createSmsAcknowledger({
  ackUrl,
  logger,
}: {
  ackUrl: string;
  logger: Logger;
}): AcknowledgeSms {
  /** Makes one call. Says whether the SMS service has given an answer that stands. */
  async function call(wborMessageId: string, attempt: number): Promise<boolean> {
    const answer = await request(ackUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ wbor_message_id: wborMessageId }),
      signal: AbortSignal.timeout(TRY_TIMEOUT_MS),
    });
    await answer.body.dump();
    if (answer.statusCode < 300) {
      logger.debug({ wbor_message_id: wborMessageId, attempt }, 'acknowledged to the SMS service');
      return true;
    }
    if (answer.statusCode === 404) {
      logger.warn(
        { wbor_message_id: wborMessageId, code: 404 },
        'the SMS service had given up waiting for this message',
      );
      return true;
    }
    logger.warn(
      { wbor_message_id: wborMessageId, attempt, code: answer.statusCode },
      'the SMS service rejected the acknowledgement',
    );
    return false;
  }

  return async (wborMessageId) => {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      try {
        if (await call(wborMessageId, attempt)) return;
      } catch (error) {
        logger.warn(
          { wbor_message_id: wborMessageId, attempt, error: errorMessage(error) },
          'could not reach the SMS service',
        );
      }
      if (attempt < TRIES) await sleep(PAUSE_MS * attempt);
    }
    logger.error(
      { wbor_message_id: wborMessageId },
      'the SMS service could not be notified; it will use its fallback',
    );
  };
}
