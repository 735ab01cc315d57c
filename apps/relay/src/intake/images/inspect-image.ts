import type { Buffer } from 'node:buffer';
import { fileTypeFromBuffer } from 'file-type';
import { ImageError, tooManyPixels, unsupportedType } from './errors.ts';
import { headerOf, type ImageType } from './image-header.ts';

/** What is to be done with a file: nothing, or a conversion from the type that it is of. */
export type InspectedImage = { readonly contentType: ImageType } | { readonly convertFrom: string };

/** Of PNG, JPEG and GIF, which are not decoded here: phones with 108 million exist. What is larger no phone shows. */
const MAX_UNDECODED_PIXELS = 120_000_000;

/** SVG is text to the detection, and stays unsupported: rendering it runs a language, with links in it. */
const CONVERTIBLE = /^image\/(?:webp|avif|tiff|hei[cf](?:-sequence)?)$/;

/**
 * Tells what a file is by its bytes alone.
 *
 * PNG, JPEG and GIF are to go through untouched and undecoded. Of damage in them only the one is noticed that happens
 * by itself, a file that was cut off: half an image would be taken for all of it. The rest the image service judges.
 *
 * @throws ImageError `UNSUPPORTED_TYPE`, `BROKEN` or `TOO_LARGE`.
 */
export async function inspectImage(bytes: Buffer): Promise<InspectedImage> {
  if (bytes.length === 0) throw new ImageError('BROKEN', 'is empty');
  const header = headerOf(bytes);
  if (header !== undefined) {
    const { contentType, isCutOff, pixels } = header;
    if (pixels !== undefined && pixels > MAX_UNDECODED_PIXELS) throw tooManyPixels(`${pixels} pixels`);
    if (isCutOff) throw new ImageError('BROKEN', 'is cut off');
    return { contentType };
  }
  const mime = (await fileTypeFromBuffer(bytes))?.mime;
  if (mime === undefined) {
    throw new ImageError('UNSUPPORTED_TYPE', 'was not recognised as a picture', {
      message: 'unknown file type',
    });
  }
  if (!CONVERTIBLE.test(mime)) throw unsupportedType(`unsupported type ${mime}`);
  return { convertFrom: mime };
}
