import sharp, { type Metadata } from 'sharp';
import { ImageError, tookTooLongToConvert, tooLarge, tooManyPixels, unsupportedType } from './errors.ts';
import type { ImageType } from './image-header.ts';

export interface ConvertedImage {
  readonly bytes: Buffer;
  readonly contentType: ImageType;
  /** Of what was converted, without further frames. */
  readonly pixels: number;
}

export interface ConvertLimits {
  /** The result may not be larger. */
  readonly maxBytes: number;
  readonly maxPixels: number;
  /** sharp counts in whole seconds. */
  readonly timeoutSeconds: number;
}

/** The longest side of a converted image, in pixels. GroupMe shows 960, and the bytes of a large PNG know no bound. */
const MAX_SIDE = 4096;

/** As above where the result is a PNG, of which one of noise would be 64 MiB otherwise. */
const MAX_PNG_SIDE = 2048;

/**
 * Animations are scaled to this side and kept only below this number of pixels over all frames. sharp's
 * timeout does not reach into the making of a GIF, which takes seconds for every ten million pixels.
 */
const MAX_ANIMATION_SIDE = 480;
const MAX_ANIMATION_PIXELS = 5_000_000;

/** Memory for one decoded image, as far as its header tells; what the header does not tell ends the process of a conversion. */
const MAX_DECODED_BYTES = 120_000_000;

/** With samples of 8 bits, as measured: libheif keeps a whole image in several forms at once. */
const HEIF_BYTES_PER_PIXEL = 20;

/** sharp reads these for sure: a failure to decode one means that the image is damaged. */
const CONVERTIBLE = new Set(['image/webp', 'image/avif', 'image/tiff']);

/**
 * Containers that may hold HEVC, which sharp's prebuilt binary cannot decode for patent reasons, or AV1,
 * which it can. Trying is the only way to know; a failure means that the format is not supported.
 */
const PERHAPS_CONVERTIBLE = new Set([
  'image/heic',
  'image/heif',
  'image/heic-sequence',
  'image/heif-sequence',
]);

// One thread per image and no cache of decoded ones keep the memory small.
sharp.concurrency(1);
sharp.cache(false);

/**
 * Makes JPEG of WebP, AVIF and TIFF, or PNG with transparency, or GIF when animated and small. To be called in a
 * process of its own (`convert-apart.ts`): decoders are written in C, and this is where strangers' bytes meet them.
 *
 * @throws ImageError `UNSUPPORTED_TYPE`, `BROKEN`, `TOO_LARGE` or `TIMEOUT`.
 */
export async function convertImage(
  bytes: Buffer,
  mime: string,
  limits: ConvertLimits,
): Promise<ConvertedImage> {
  if (!CONVERTIBLE.has(mime) && !PERHAPS_CONVERTIBLE.has(mime)) {
    throw unsupportedType(`unsupported type ${mime}`);
  }
  try {
    // The header alone, without the limit, so that a large image is called large and not damaged.
    const header = await sharp(bytes, { limitInputPixels: false }).metadata();
    const pixels = header.width * header.height;
    if (pixels > limits.maxPixels || isTooCostly(header)) {
      throw tooManyPixels(`${header.width}x${header.height} pixels`);
    }
    return { ...(await convert(bytes, header, limits)), pixels };
  } catch (error) {
    if (error instanceof ImageError) throw error;
    if (error instanceof Error && error.message.includes('timeout:')) {
      throw tookTooLongToConvert(error);
    }
    if (PERHAPS_CONVERTIBLE.has(mime)) throw unsupportedType(`cannot decode ${mime}`, error);
    throw new ImageError('BROKEN', 'is damaged', { message: `cannot decode ${mime}`, cause: error });
  }
}

/** Whether decoding would need too much, by a header alone. WebP and TIFF are scaled while they are decoded, or come in strips. */
function isTooCostly({ depth, format, height, width }: Metadata): boolean {
  const bytesPerSample = depth === 'uchar' ? 1 : 2;
  return format === 'heif' && width * height * bytesPerSample * HEIF_BYTES_PER_PIXEL > MAX_DECODED_BYTES;
}

async function convert(
  bytes: Buffer,
  { format, hasAlpha, height, pages = 1, width }: Metadata,
  limits: ConvertLimits,
): Promise<Omit<ConvertedImage, 'pixels'>> {
  // Tiffs in the field are full of harmless warnings; only errors count.
  const input = { failOn: 'error', limitInputPixels: limits.maxPixels } as const;
  const scale = Math.min(1, MAX_ANIMATION_SIDE / Math.max(width, height));
  const isSmallAnimation =
    format === 'webp' &&
    pages > 1 &&
    width * height * pages <= limits.maxPixels &&
    width * height * pages * scale ** 2 <= MAX_ANIMATION_PIXELS;
  if (isSmallAnimation) {
    const gif = await sharp(bytes, { ...input, animated: true })
      .timeout({ seconds: limits.timeoutSeconds })
      .resize({
        width: MAX_ANIMATION_SIDE,
        height: MAX_ANIMATION_SIDE,
        fit: 'inside',
        withoutEnlargement: true,
      })
      .gif({ effort: 1 })
      .toBuffer();
    if (gif.length <= limits.maxBytes) return { bytes: gif, contentType: 'image/gif' };
  }
  // Converting drops the orientation tag, so the pixels must be turned.
  const still = (side: number) =>
    sharp(bytes, { ...input, autoOrient: true })
      .timeout({ seconds: limits.timeoutSeconds })
      .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true });
  if (hasAlpha) {
    // Of an image with 16 bits a sample, sharp would make a PNG with as many.
    const png = await still(MAX_PNG_SIDE).toColourspace('srgb').png().toBuffer();
    if (png.length <= limits.maxBytes) return { bytes: png, contentType: 'image/png' };
  }
  // Optimised coding would save a tenth of the bytes and keep the whole image in memory.
  const jpeg = await still(MAX_SIDE)
    .flatten({ background: 'white' })
    .jpeg({ quality: 85, optimiseCoding: false })
    .toBuffer();
  if (jpeg.length > limits.maxBytes) throw tooLarge(limits.maxBytes);
  return { bytes: jpeg, contentType: 'image/jpeg' };
}
