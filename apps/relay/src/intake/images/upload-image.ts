import { sleep } from '@wbor/async';
import {
  classifyFailure,
  type GroupMeClient,
  GroupMeConfigurationError,
  GroupMeError,
  GroupMeRejectedError,
} from '@wbor/groupme';
import type { Logger } from '@wbor/service';
import type { IncomingMessage } from '../parse-incoming.ts';
import type { FetchedImage } from './fetch-image.ts';
import type { ReportImage } from './report-image.ts';

/** GroupMe's address of an image, or why it has none; the reason completes `A media item …` without a full stop. */
export type Attachment = { readonly pictureUrl: string } | { readonly reason: string };

/**
 * Gives an image to GroupMe in a few tries, each of them reported, and waits for its thumbnail. Makes no further try
 * once the signal has aborted, and gives the image's memory back as soon as nothing needs it. Never rejects.
 */
export type UploadImage = (
  message: IncomingMessage,
  url: string,
  image: FetchedImage,
  signal: AbortSignal,
) => Promise<Attachment>;

const UPLOAD_TRIES = 3;
const UPLOAD_PAUSE_MS = 1_000;
const MAX_UPLOAD_PAUSE_MS = 10_000;
/** Phones show no image that is posted before its thumbnail exists. The wait is short, since the text waits too. */
const PREVIEW_TRIES = 10;
const PREVIEW_PAUSE_MS = 300;

export function createImageUpload(options: {
  groupme: Pick<GroupMeClient, 'uploadImage' | 'isImageReady'>;
  report: ReportImage;
  logger: Logger;
}): UploadImage {
  const { groupme, logger, report } = options;

  async function upload(
    message: IncomingMessage,
    url: string,
    image: FetchedImage,
    signal: AbortSignal,
  ): Promise<Attachment> {
    const facts = { content_type: image.contentType, bytes: image.bytes.length, sha256: image.sha256 };
    for (let attempt = 1; ; attempt += 1) {
      const call = { ...facts, attempt, sent_at: new Date().toISOString() };
      try {
        const { status, pictureUrl, durationMs } = await groupme.uploadImage(image.bytes, image.contentType);
        await report(message, url, {
          ...call,
          code: status,
          picture_url: pictureUrl,
          outcome: 'delivered',
          duration_ms: Math.round(durationMs),
        });
        image.release();
        await waitForPreview(pictureUrl);
        return { pictureUrl };
      } catch (error) {
        if (!(error instanceof GroupMeError)) {
          const { wborMessageId } = message;
          logger.error(
            { err: error, wbor_message_id: wborMessageId },
            'unexpected error while uploading an image',
          );
          const outcome = 'not-attached';
          await report(message, url, { ...facts, attempt, code: 0, outcome, error: 'unexpected error' });
          return { reason: 'could not be uploaded' };
        }
        await report(message, url, {
          ...call,
          code: error.status,
          outcome: classifyFailure(error),
          duration_ms: Math.round(error.durationMs),
          error: error.message,
        });
        const hopeless = error instanceof GroupMeRejectedError || error instanceof GroupMeConfigurationError;
        if (hopeless || attempt === UPLOAD_TRIES || signal.aborted) return { reason: reasonOf(error) };
        await sleep(Math.min(error.retryAfterMs ?? UPLOAD_PAUSE_MS * attempt, MAX_UPLOAD_PAUSE_MS));
      }
    }
  }

  async function waitForPreview(pictureUrl: string): Promise<void> {
    for (let attempt = 0; attempt < PREVIEW_TRIES; attempt += 1) {
      if (await groupme.isImageReady(pictureUrl)) return;
      await sleep(PREVIEW_PAUSE_MS);
    }
  }

  return upload;
}

function reasonOf(error: GroupMeError): string {
  if (error instanceof GroupMeConfigurationError && error.status >= 400)
    return 'could not be uploaded (GroupMe refused our token)';
  if (error instanceof GroupMeRejectedError) return `was refused by GroupMe (${error.status})`;
  return error.status === 0
    ? 'could not be uploaded (GroupMe did not answer)'
    : `could not be uploaded (GroupMe answered ${error.status})`;
}
