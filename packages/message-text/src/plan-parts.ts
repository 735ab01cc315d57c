import { MAX_IMAGES, type Part } from '@wbor/contracts';
import { frameParts } from './frame-parts.ts';
import { DEFAULT_CHARACTER_LIMIT } from './limits.ts';
import { countMedia, type Format, renderFooter, renderParts } from './render-parts.ts';
import { sanitiseText } from './sanitise-text.ts';
import { truncateText } from './split-text.ts';

/** An image of the message that is not in the chat, and why. */
export interface MissingMedia {
  /** Its number among the message's images, counted from 1. */
  readonly item: number;
  /** Completes `A media item …` without a full stop, for example `was sent with an unsupported format`. */
  readonly reason: string;
}

export interface PlanOptions {
  /** The sanitised body. */
  readonly text: string;
  readonly messageId: string;
  readonly format: Format;
  /** Where GroupMe keeps the images that were uploaded, in the producer's order. */
  readonly pictureUrls: readonly string[];
  readonly missingMedia?: readonly MissingMedia[];
  /** Images of which nobody knows the address. */
  readonly imagesWithoutAddress?: number;
  /** Images that were left out since there were too many. */
  readonly imagesLeftOut?: number;
  /** A sentence that ends the notice of missing media: where else they can be looked for. */
  readonly mediaHint?: string | undefined;
  /** UTF-16 units of body text per post. */
  readonly characterLimit?: number;
}

/** The reasons are cut to this length in UTF-16 units: ten of them still make one post. */
const MAX_REASON_LENGTH = 64;

/**
 * Plans everything that is posted for one message, in the original's order: the text, then the images. Without
 * a body the images come first and then how many there were. What could not be attached is said last.
 *
 * The plan is empty only when there is neither text nor an image nor a missing image.
 */
export function planParts(options: PlanOptions): Part[] {
  const { text, messageId, format, pictureUrls, characterLimit = DEFAULT_CHARACTER_LIMIT } = options;
  const texts = renderParts({ text, messageId, imageCount: pictureUrls.length, format, characterLimit }).map(
    (part): Part => ({ text: part }),
  );
  const images = pictureUrls.map((url): Part => ({ text: '', picture_url: url }));
  const notices = frameParts(renderNotice(options), {
    quote: '',
    footer: format === 'plain' ? '' : renderFooter(messageId),
    characterLimit,
  }).map((part): Part => ({ text: part }));

  const hasBody = text.trim() !== '';
  return hasBody ? [...texts, ...images, ...notices] : [...images, ...texts, ...notices];
}

function renderNotice(options: PlanOptions): string {
  const { missingMedia = [], imagesWithoutAddress = 0, imagesLeftOut = 0, mediaHint } = options;
  const whatHappened = [
    ...renderMissing(missingMedia),
    ...(imagesWithoutAddress > 0
      ? [`${someMedia(imagesWithoutAddress)} came without a usable address.`]
      : []),
    ...(imagesLeftOut > 0
      ? [
          `${someMedia(imagesLeftOut)} ${imagesLeftOut === 1 ? 'was' : 'were'} left out: ${MAX_IMAGES} are the most.`,
        ]
      : []),
  ].join('\n');
  if (whatHappened === '' || mediaHint === undefined) return whatHappened;
  return `${whatHappened}\n\n${mediaHint}`;
}

function renderMissing(missing: readonly MissingMedia[]): string[] {
  const [first, ...others] = missing.map(({ item, reason }) => ({
    item,
    reason: truncateText(sanitiseText(reason), MAX_REASON_LENGTH),
  }));
  if (first === undefined) return [];
  if (others.length === 0) return [`A media item ${first.reason}.`];
  return [
    `${countMedia(missing.length)} could not be attached:`,
    ...[first, ...others].map(({ item, reason }) => `Item ${item} ${reason}.`),
  ];
}

function someMedia(count: number): string {
  return count === 1 ? 'A media item' : countMedia(count);
}
