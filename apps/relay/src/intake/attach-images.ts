import type { MissingMedia } from '@wbor/message-text';
import type { Logger } from '@wbor/service';
import pLimit, { type LimitFunction } from 'p-limit';
import type { RelayMetrics } from '../metrics.ts';
import { ImageError, tookTooLong } from './images/errors.ts';
import type { FetchedImage, ImageFetcher } from './images/fetch-image.ts';
import type { ReportImage } from './images/report-image.ts';
import type { Attachment, UploadImage } from './images/upload-image.ts';
import type { IncomingMessage } from './parse-incoming.ts';

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

/** An image that must wait for memory begins by then, or not at all: later, it would be called missing all the same. */
const START_BY_MS = 20_000;

/** Whether GroupMe has the picture already, as its own picture service names it. */
function isWithGroupMe(text: string): boolean {
  const url = URL.parse(text);
  return (
    url?.protocol === 'https:' &&
    url.host === 'i.groupme.com' &&
    url.username === '' &&
    // Posted as it is written, so it must be written plainly.
    url.href === text &&
    url.pathname !== '/'
  );
}

export function createImageAttacher(options: {
  fetcher: ImageFetcher;
  upload: UploadImage;
  report: ReportImage;
  /** Without a token nothing can be uploaded, so nothing is fetched either. */
  canUpload: boolean;
  metrics: Pick<RelayMetrics, 'imagesFailed'>;
  logger: Logger;
}): AttachImages {
  const { fetcher, logger, metrics, report, upload } = options;
  const limits = new Map<string, LimitFunction>();

  async function attach(
    message: IncomingMessage,
    url: string,
    { startBy, late }: { startBy: AbortSignal; late: AbortSignal },
  ): Promise<Attachment> {
    if (isWithGroupMe(url)) return { pictureUrl: url };
    const startedAt = performance.now();
    const failure = { code: 0, outcome: 'not-attached' } as const;
    if (!options.canUpload) {
      await report(message, url, { ...failure, error: 'no GROUPME_ACCESS_TOKEN is set' });
      return { reason: 'could not be uploaded (no GroupMe token is set up)' };
    }
    let image: FetchedImage;
    try {
      if (late.aborted) throw tookTooLong();
      image = await fetcher.fetch(url, { source: message.source, startBy, signal: late });
    } catch (error) {
      const known = error instanceof ImageError ? error : undefined;
      if (!known) {
        logger.error(
          { err: error, wbor_message_id: message.wborMessageId },
          'unexpected error while fetching an image',
        );
      }
      metrics.imagesFailed.inc({ code: known?.code ?? 'FAULT' });
      await report(message, url, {
        ...failure,
        error: known?.message ?? 'unexpected error',
        duration_ms: Math.round(performance.now() - startedAt),
      });
      return { reason: known?.forChat ?? 'could not be fetched' };
    }
    try {
      return await upload(message, url, image, late);
    } finally {
      image.release();
    }
  }

  return async (message) => {
    if (message.imageUrls.length === 0) return { pictureUrls: [], missingMedia: [] };
    const limit = limits.get(message.source) ?? pLimit(IMAGES_AT_ONCE);
    limits.set(message.source, limit);
    const startBy = new AbortController();
    const late = new AbortController();
    const times = { startBy: startBy.signal, late: late.signal };
    const isLate = Promise.withResolvers<Attachment>();
    const timers = [
      setTimeout(() => startBy.abort(), START_BY_MS),
      setTimeout(() => {
        isLate.resolve({ reason: tookTooLong().forChat });
        late.abort();
      }, IMAGES_TIME_MS),
    ];
    const attachments = await Promise.all(
      message.imageUrls.map((url) =>
        Promise.race([limit(() => attach(message, url, times)), isLate.promise]),
      ),
    );
    for (const timer of timers) clearTimeout(timer);
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
