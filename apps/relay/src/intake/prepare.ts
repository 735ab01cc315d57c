import { setTimeout as delay } from 'node:timers/promises';
import type { ImageEvent, Part } from '@wbor/contracts';
import {
  type GroupMeClient,
  GroupMeConfigurationError,
  GroupMeError,
  GroupMeRejectedError,
} from '@wbor/groupme';
import type { Logger } from '@wbor/service';
import pLimit, { type LimitFunction } from 'p-limit';
import { classifyFailure } from '../classify-failure.ts';
import type { RelayMetrics } from '../metrics.ts';
import type { AuditEvents } from '../notify/audit-events.ts';
import { ImageError } from './images/errors.ts';
import type { FetchedImage, ImageFetcher } from './images/fetch-image.ts';
import type { IncomingMessage } from './parse-incoming.ts';
import { type MissingMedia, planParts } from './text/plan-parts.ts';

/**
 * Turns a message into its parts; pictures are uploaded first. Never rejects for a picture's sake: what
 * cannot be attached is said in the chat.
 */
export interface Preparer {
  prepare(message: IncomingMessage): Promise<Part[]>;
  /** The text alone, of a message that nobody will see: its pictures are not fetched. */
  planText(message: IncomingMessage): Part[];
}

export interface PreparerOptions {
  readonly fetcher: ImageFetcher;
  readonly groupme: Pick<GroupMeClient, 'uploadPicture' | 'isPictureReady'>;
  readonly botId: string;
  /** Without a token nothing can be uploaded, so nothing is fetched either. */
  readonly canUpload: boolean;
  readonly characterLimit: number;
  readonly audit: AuditEvents;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
}

/** Pictures of one source that are worked on at once. Per source: a slow one must not hold up others. */
const PICTURES_AT_ONCE = 4;
const UPLOAD_TRIES = 3;
const UPLOAD_PAUSE_MS = 1_000;
const MAX_UPLOAD_PAUSE_MS = 10_000;
/** Phones show no picture that is posted before its thumbnail exists; the wait is short since the text waits too. */
const PREVIEW_TRIES = 10;
const PREVIEW_PAUSE_MS = 300;
/** All pictures of a message have this long. What is not there by then is told of: the words must not wait longer. */
const PICTURES_TIME_MS = 30_000;

type Attachment = { pictureUrl: string } | { reason: string };

export function createPreparer(options: PreparerOptions): Preparer {
  const { audit, groupme, logger, metrics } = options;
  const limits = new Map<string, LimitFunction>();

  async function prepare(message: IncomingMessage): Promise<Part[]> {
    const attachments = await attachAll(message);
    const pictureUrls: string[] = [];
    const missingMedia: MissingMedia[] = [];
    for (const [index, attachment] of attachments.entries()) {
      if ('pictureUrl' in attachment) pictureUrls.push(attachment.pictureUrl);
      else missingMedia.push({ item: index + 1, reason: attachment.reason });
    }
    return plan(message, pictureUrls, missingMedia);
  }

  function plan(message: IncomingMessage, pictureUrls: string[], missingMedia: MissingMedia[]): Part[] {
    return planParts({
      text: message.text,
      messageId: message.wborMessageId,
      format: message.format,
      pictureUrls,
      missingMedia,
      fromTwilio: message.fromTwilio,
      characterLimit: options.characterLimit,
    });
  }

  async function attachAll(message: IncomingMessage): Promise<Attachment[]> {
    if (message.imageUrls.length === 0) return [];
    const limit = limits.get(message.source) ?? pLimit(PICTURES_AT_ONCE);
    limits.set(message.source, limit);
    const late = Promise.withResolvers<Attachment>();
    const timer = setTimeout(() => late.resolve({ reason: 'took too long' }), PICTURES_TIME_MS);
    const attachments = await Promise.all(
      message.imageUrls.map((url) => Promise.race([limit(() => attach(message, url)), late.promise])),
    );
    clearTimeout(timer);
    if (limit.activeCount + limit.pendingCount === 0) limits.delete(message.source);
    return attachments;
  }

  async function attach(message: IncomingMessage, url: string): Promise<Attachment> {
    const startedAt = performance.now();
    if (!options.canUpload) {
      await report(message, url, {
        code: 0,
        outcome: 'not-attached',
        error: 'no GROUPME_ACCESS_TOKEN is set',
      });
      return { reason: 'could not be uploaded (no GroupMe token is set up)' };
    }
    let image: FetchedImage;
    try {
      image = await options.fetcher.fetch(url);
    } catch (error) {
      const known = error instanceof ImageError;
      if (!known)
        logger.error(
          { err: error, wbor_message_id: message.wborMessageId },
          'unexpected error while fetching an image',
        );
      await report(message, url, {
        code: 0,
        outcome: 'not-attached',
        error: known ? error.message : 'unexpected error',
        duration_ms: Math.round(performance.now() - startedAt),
      });
      return { reason: known ? error.forChat : 'could not be fetched' };
    }
    return upload(message, url, image);
  }

  async function upload(message: IncomingMessage, url: string, image: FetchedImage): Promise<Attachment> {
    const facts = { content_type: image.contentType, bytes: image.bytes.length, sha256: image.sha256 };
    for (let attempt = 1; ; attempt += 1) {
      const sentAt = new Date().toISOString();
      try {
        const { status, pictureUrl, durationMs } = await groupme.uploadPicture(
          image.bytes,
          image.contentType,
        );
        await report(message, url, {
          ...facts,
          code: status,
          picture_url: pictureUrl,
          attempt,
          outcome: 'delivered',
          sent_at: sentAt,
          duration_ms: Math.round(durationMs),
        });
        await waitForPreview(pictureUrl);
        return { pictureUrl };
      } catch (error) {
        if (!(error instanceof GroupMeError)) {
          logger.error(
            { err: error, wbor_message_id: message.wborMessageId },
            'unexpected error while uploading an image',
          );
          await report(message, url, {
            ...facts,
            code: 0,
            attempt,
            outcome: 'not-attached',
            error: 'unexpected error',
          });
          return { reason: 'could not be uploaded' };
        }
        const { outcome } = classifyFailure(error);
        await report(message, url, {
          ...facts,
          code: error.status,
          attempt,
          outcome,
          sent_at: sentAt,
          duration_ms: Math.round(error.durationMs),
          error: error.message,
        });
        const hopeless = error instanceof GroupMeRejectedError || error instanceof GroupMeConfigurationError;
        if (hopeless || attempt === UPLOAD_TRIES) return { reason: uploadReason(error) };
        await delay(Math.min(error.retryAfterMs ?? UPLOAD_PAUSE_MS * attempt, MAX_UPLOAD_PAUSE_MS));
      }
    }
  }

  async function waitForPreview(pictureUrl: string): Promise<void> {
    for (let attempt = 0; attempt < PREVIEW_TRIES; attempt += 1) {
      if (await groupme.isPictureReady(pictureUrl)) return;
      await delay(PREVIEW_PAUSE_MS);
    }
  }

  async function report(
    message: IncomingMessage,
    url: string,
    facts: Pick<ImageEvent, 'code'> &
      Omit<Partial<ImageEvent>, 'code'> & { outcome: NonNullable<ImageEvent['outcome']> },
  ): Promise<void> {
    metrics.images.inc({ outcome: facts.outcome });
    const level = facts.outcome === 'delivered' ? 'info' : 'warn';
    logger[level](
      {
        wbor_message_id: message.wborMessageId,
        source: message.source,
        outcome: facts.outcome,
        code: facts.code,
        ...(facts.error === undefined ? {} : { error: facts.error }),
        ...(facts.duration_ms === undefined ? {} : { duration_ms: facts.duration_ms }),
      },
      facts.outcome === 'delivered' ? 'uploaded a picture' : 'a picture was not attached',
    );
    await audit.image({
      bot_id: options.botId,
      source: message.source,
      type: 'img',
      text: '',
      wbor_message_id: message.wborMessageId,
      image_url: url,
      ...(message.sender === undefined ? {} : { sender: message.sender }),
      ...facts,
    });
  }

  return { prepare, planText: (message) => plan(message, [], []) };
}

/** Completes `A media item …`. */
function uploadReason(error: GroupMeError): string {
  if (error instanceof GroupMeConfigurationError && error.status >= 400)
    return 'could not be uploaded (GroupMe refused our token)';
  if (error instanceof GroupMeRejectedError) return `was refused by GroupMe (${error.status})`;
  return error.status === 0
    ? 'could not be uploaded (GroupMe did not answer)'
    : `could not be uploaded (GroupMe answered ${error.status})`;
}
