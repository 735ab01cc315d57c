import { fileTypeFromBuffer } from 'file-type';
import sharp from 'sharp';
import { ImageError, tooLarge, unsupportedType } from './errors.ts';

/** The types that GroupMe's image service takes. */
export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif';

export interface PreparedImage {
  readonly bytes: Buffer;
  readonly contentType: ImageType;
  readonly converted: boolean;
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

/**
 * Animations are scaled to this side and kept only below this number of pixels over all frames. sharp's
 * timeout does not reach into the making of a GIF, which takes seconds for every ten million pixels.
 */
const MAX_ANIMATION_SIDE = 480;
const MAX_ANIMATION_PIXELS = 5_000_000;

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

/**
 * Tells what a file is by its first bytes and makes it something that GroupMe takes.
 *
 * PNG, JPEG and GIF go through untouched and undecoded, damaged ones too: a transfer that broke off is
 * noticed in HTTP, half an image is still worth seeing, and what is worse the image service refuses.
 * WebP, AVIF and TIFF become JPEG, or PNG with transparency, or GIF when animated and small.
 *
 * @throws ImageError `UNSUPPORTED_TYPE`, `BROKEN`, `TOO_LARGE` or `TIMEOUT`.
 */
export async function prepareImage(bytes: Buffer, limits: ConvertLimits): Promise<PreparedImage> {
  if (bytes.length === 0) throw new ImageError('BROKEN', 'is empty');
  const native = nativeTypeOf(bytes);
  if (native !== undefined) return { bytes, contentType: native, converted: false };

  // SVG is text to this detection, and stays unsupported: rendering it runs a language, with links in it.
  const mime = (await fileTypeFromBuffer(bytes))?.mime;
  if (mime === undefined) {
    throw new ImageError('UNSUPPORTED_TYPE', 'was not recognised as a picture', {
      message: 'unknown file type',
    });
  }
  if (!CONVERTIBLE.has(mime) && !PERHAPS_CONVERTIBLE.has(mime))
    throw unsupportedType(`unsupported type ${mime}`);

  return inTurn(async () => {
    try {
      return await convert(bytes, mime, limits);
    } catch (error) {
      if (error instanceof ImageError) throw error;
      if (error instanceof Error && error.message.includes('timeout:')) {
        throw new ImageError('TIMEOUT', 'took too long to convert', { cause: error });
      }
      if (PERHAPS_CONVERTIBLE.has(mime)) throw unsupportedType(`cannot decode ${mime}`, error);
      throw new ImageError('BROKEN', 'is damaged', { message: `cannot decode ${mime}`, cause: error });
    }
  });
}

/** Three signatures by hand, so that nothing after them can turn a PNG into something unknown. */
function nativeTypeOf(bytes: Buffer): ImageType | undefined {
  const start = bytes.toString('latin1', 0, 8);
  if (start === '\x89PNG\r\n\x1a\n') return 'image/png';
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'image/gif';
  return undefined;
}

async function convert(bytes: Buffer, mime: string, limits: ConvertLimits): Promise<PreparedImage> {
  // Tiffs in the field are full of harmless warnings; only errors count.
  const input = { failOn: 'error', limitInputPixels: limits.maxPixels } as const;
  // The header alone, without the limit, so that a large image is called large and not damaged.
  const { width, height, pages = 1, hasAlpha } = await sharp(bytes, { limitInputPixels: false }).metadata();
  if (width * height > limits.maxPixels) {
    throw new ImageError('TOO_LARGE', 'has too many pixels', { message: `${width}x${height} pixels` });
  }

  const scale = Math.min(1, MAX_ANIMATION_SIDE / Math.max(width, height));
  const isSmallAnimation =
    mime === 'image/webp' &&
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
    if (gif.length <= limits.maxBytes) return { bytes: gif, contentType: 'image/gif', converted: true };
  }

  // Converting drops the orientation tag, so the pixels must be turned.
  const still = () =>
    sharp(bytes, { ...input, autoOrient: true })
      .timeout({ seconds: limits.timeoutSeconds })
      .resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true });
  if (hasAlpha) {
    const png = await still().png().toBuffer();
    if (png.length <= limits.maxBytes) return { bytes: png, contentType: 'image/png', converted: true };
  }
  const jpeg = await still().flatten({ background: 'white' }).jpeg({ quality: 85 }).toBuffer();
  if (jpeg.length > limits.maxBytes) throw tooLarge(limits.maxBytes);
  return { bytes: jpeg, contentType: 'image/jpeg', converted: true };
}

// One thread per image and no cache of decoded ones keep the relay's memory flat.
sharp.concurrency(1);
sharp.cache(false);

let lastConversion: Promise<unknown> = Promise.resolve();

/**
 * Runs one conversion at a time in the whole process. They run in libuv's four threads, which DNS look-ups need
 * as well, and a decoded image takes up to 200 MB.
 */
function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const result = lastConversion.then(work);
  lastConversion = result.catch(() => undefined);
  return result;
}
