import type { Part } from '@wbor/contracts';
import type { GroupMeClient } from '@wbor/groupme';
import { type MissingMedia, planParts } from '@wbor/message-text';
import type { Logger } from '@wbor/service';
import type { RelayMetrics } from '../metrics.ts';
import type { AuditEvents } from '../notify/audit-events.ts';
import { createImageAttacher } from './attach-images.ts';
import type { ImageFetcher } from './images/fetch-image.ts';
import { createImageReport } from './images/report-image.ts';
import { createImageUpload } from './images/upload-image.ts';
import type { IncomingMessage } from './parse-incoming.ts';

/** Turns a message into its parts. */
export interface Preparer {
  /** Uploads the images first. Never rejects for an image's sake: the chat is told what could not be attached. */
  prepare(message: IncomingMessage): Promise<Part[]>;
  /** Plans the text alone, of a message that nobody will see: its images are not fetched. */
  planText(message: IncomingMessage): Part[];
}

export interface PreparerOptions {
  readonly fetcher: ImageFetcher;
  readonly groupme: Pick<GroupMeClient, 'uploadImage' | 'isImageReady'>;
  readonly botId: string;
  /** Whether there is a token, without which nothing can be uploaded. */
  readonly canUpload: boolean;
  /** UTF-16 units of body text per post. */
  readonly characterLimit: number;
  readonly audit: AuditEvents;
  readonly metrics: RelayMetrics;
  readonly logger: Logger;
}

export function createPreparer(options: PreparerOptions): Preparer {
  const report = createImageReport(options);
  const upload = createImageUpload({ groupme: options.groupme, report, logger: options.logger });
  const attachImages = createImageAttacher({ ...options, upload, report });

  function plan(
    message: IncomingMessage,
    pictureUrls: readonly string[],
    missingMedia: readonly MissingMedia[],
  ): Part[] {
    return planParts({
      text: message.text,
      messageId: message.wborMessageId,
      format: message.format,
      pictureUrls,
      missingMedia,
      imagesWithoutAddress: message.imagesWithoutAddress,
      imagesLeftOut: message.imagesLeftOut,
      mediaHint: message.mediaHint,
      characterLimit: options.characterLimit,
    });
  }

  return {
    async prepare(message) {
      const { pictureUrls, missingMedia } = await attachImages(message);
      return plan(message, pictureUrls, missingMedia);
    },
    planText: (message) => plan(message, [], []),
  };
}
