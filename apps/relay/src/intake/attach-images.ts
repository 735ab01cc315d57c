import type { Logger } from '@wbor/service';
import pLimit, { type LimitFunction } from 'p-limit';
import { ImageError } from './images/errors.ts';
import type { FetchedImage, ImageFetcher } from './images/fetch-image.ts';
import type { ReportImage } from './images/report-image.ts';
import type { Attachment, UploadImage } from './images/upload-image.ts';
import type { IncomingMessage } from './parse-incoming.ts';
import type { MissingMedia } from './text/plan-parts.ts';

/** The images of one message, each of them in one of the two lists. */
interface Attachments {
  /** GroupMe's addresses, in the producer's order. */
  readonly pictureUrls: readonly string[];
  readonly missingMedia: readonly MissingMedia[];
}

/** Fetches a message's images and uploads them to GroupMe. Never rejects: what fails is missing, with the reason. */
export type AttachImages = (message: IncomingMessage) => Promise<Attachments>;

/** Images of one source that are worked on side by side. The limit is per source: a slow one must not hold up others. */
const IMAGES_AT_ONCE = 4;
/** All images of a message have this long. One that takes longer is called missing: the words must not wait longer. */
const IMAGES_TIME_MS = 30_000;

export function createImageAttacher(options: {
  fetcher: ImageFetcher;
  upload: UploadImage;
  report: ReportImage;
  /** Without a token nothing can be uploaded, so nothing is fetched either. */
  canUpload: boolean;
  logger: Logger;
}): AttachImages {
  const { fetcher, logger, report, upload } = options;
  const limits = new Map<string, LimitFunction>();

  async function attach(message: IncomingMessage, url: string): Promise<Attachment> {
    const startedAt = performance.now();
    const failure = { code: 0, outcome: 'not-attached' } as const;
    if (!options.canUpload) {
      await report(message, url, { ...failure, error: 'no GROUPME_ACCESS_TOKEN is set' });
      return { reason: 'could not be uploaded (no GroupMe token is set up)' };
    }
    let image: FetchedImage;
    try {
      image = await fetcher.fetch(url);
    } catch (error) {
      const known = error instanceof ImageError ? error : undefined;
      if (!known) {
        logger.error(
          { err: error, wbor_message_id: message.wborMessageId },
          'unexpected error while fetching an image',
        );
      }
      await report(message, url, {
        ...failure,
        error: known?.message ?? 'unexpected error',
        duration_ms: Math.round(performance.now() - startedAt),
      });
      return { reason: known?.forChat ?? 'could not be fetched' };
    }
    return upload(message, url, image);
  }

  return async (message) => {
    if (message.imageUrls.length === 0) return { pictureUrls: [], missingMedia: [] };
    const limit = limits.get(message.source) ?? pLimit(IMAGES_AT_ONCE);
    limits.set(message.source, limit);
    const late = Promise.withResolvers<Attachment>();
    const timer = setTimeout(() => late.resolve({ reason: 'took too long' }), IMAGES_TIME_MS);
    const attachments = await Promise.all(
      message.imageUrls.map((url) => Promise.race([limit(() => attach(message, url)), late.promise])),
    );
    clearTimeout(timer);
    if (limit.activeCount + limit.pendingCount === 0) limits.delete(message.source);
    return {
      pictureUrls: attachments.flatMap((attachment) =>
        'pictureUrl' in attachment ? [attachment.pictureUrl] : [],
      ),
      missingMedia: attachments.flatMap((attachment, index) =>
        'reason' in attachment ? [{ item: index + 1, reason: attachment.reason }] : [],
      ),
    };
  };
}
