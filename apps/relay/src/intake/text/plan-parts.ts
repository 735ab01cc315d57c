import type { Part } from '@wbor/contracts';
import { frameParts } from './frame-parts.ts';
import { DEFAULT_CHARACTER_LIMIT } from './limits.ts';
import { countMedia, type Format, renderFooter, renderParts } from './render-parts.ts';
import { sanitiseText } from './sanitise-text.ts';
import { truncateText } from './split-text.ts';

/** A picture of the message that is not in the chat, and why. */
export interface MissingMedia {
  /** Which of the message's pictures it is, counted from 1. */
  readonly item: number;
  /** Completes `A media item …` without a full stop, for example `was sent with an unsupported format`. */
  readonly reason: string;
}

export interface PlanOptions {
  /** The body as it came; it is sanitised here. */
  readonly text: string;
  readonly messageId: string;
  readonly format: Format;
  /** Where GroupMe keeps the pictures that were uploaded, in the producer's order. */
  readonly pictureUrls: readonly string[];
  readonly missingMedia?: readonly MissingMedia[];
  /** Whether the pictures can be looked up in Twilio's logs; the notice then says so. */
  readonly fromTwilio: boolean;
  /** UTF-16 units of body text per post. */
  readonly characterLimit?: number;
}

/** Ten reasons of this length still make one post. */
const MAX_REASON_LENGTH = 64;

/**
 * Everything that is posted for one message, in the original's order: the text, then the pictures. Without
 * a body the pictures come first and then how many there were. What could not be attached is said last.
 *
 * Empty only when there is neither text nor a picture nor a missing picture.
 */
export function planParts(options: PlanOptions): Part[] {
  const { messageId, format, pictureUrls, characterLimit = DEFAULT_CHARACTER_LIMIT } = options;
  const text = sanitiseText(options.text);
  const texts = renderParts({ text, messageId, imageCount: pictureUrls.length, format, characterLimit }).map(
    (part): Part => ({ text: part }),
  );
  const pictures = pictureUrls.map((url): Part => ({ text: '', picture_url: url }));
  const notices = frameParts(renderNotice(options.missingMedia ?? [], options.fromTwilio), {
    quote: '',
    footer: format === 'plain' ? '' : renderFooter(messageId),
    characterLimit,
  }).map((part): Part => ({ text: part }));

  const hasBody = text.trim() !== '';
  return hasBody ? [...texts, ...pictures, ...notices] : [...pictures, ...texts, ...notices];
}

function renderNotice(missing: readonly MissingMedia[], fromTwilio: boolean): string {
  const [first, ...others] = missing.map(({ item, reason }) => ({
    item,
    reason: truncateText(sanitiseText(reason), MAX_REASON_LENGTH),
  }));
  if (first === undefined) return '';
  const whatHappened =
    others.length === 0
      ? `A media item ${first.reason}.`
      : [
          `${countMedia(missing.length)} could not be attached:`,
          ...[first, ...others].map(({ item, reason }) => `Item ${item} ${reason}.`),
        ].join('\n');
  return fromTwilio ? `${whatHappened}\n\nCheck the message in Twilio logs for details.` : whatHappened;
}
