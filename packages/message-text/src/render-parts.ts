import { shownUid } from '@wbor/contracts';
import { frameParts } from './frame-parts.ts';
import { DEFAULT_CHARACTER_LIMIT } from './limits.ts';

/** `quoted` is how other people's words are shown; `plain` is the station's own voice, as in command replies. */
export type Format = 'quoted' | 'plain';

export interface RenderOptions {
  /** Sanitised text. */
  readonly text: string;
  readonly messageId: string;
  /** How many images really go with it. */
  readonly imageCount: number;
  readonly format: Format;
  readonly characterLimit?: number;
}

const RULE = '---------';

/**
 * The texts of the posts for one message, in the look that the chat knows: the body in quotes, and below the
 * last part the UID that `!ban` and `!stats` take.
 *
 * Without a body it is the one post that says how many images came; without images either, nothing.
 * `plain` has neither quotes nor id, and nothing to say without a body.
 */
export function renderParts(options: RenderOptions): string[] {
  const { text, messageId, imageCount, format, characterLimit = DEFAULT_CHARACTER_LIMIT } = options;
  if (format === 'plain') return frameParts(text, { quote: '', footer: '', characterLimit });

  const footer = renderFooter(messageId, imageCount === 0 ? [] : [`${countMedia(imageCount)} attached`]);
  const parts = frameParts(text, { quote: '"', footer, characterLimit });
  if (parts.length > 0 || imageCount === 0) return parts;
  const images = imageCount === 1 ? '1 image' : `${imageCount} images`;
  return [`${RULE}\nNo body text; ${images} sent!\n${shownUid(messageId)}\n${RULE}`];
}

/** Everything below the text of the last part. */
export function renderFooter(messageId: string, lines: readonly string[] = []): string {
  return ['', '---UID---', shownUid(messageId), ...lines, RULE].join('\n');
}

export function countMedia(count: number): string {
  return count === 1 ? '1 media item' : `${count} media items`;
}
