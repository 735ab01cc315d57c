import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { convertImage } from './convert-image.ts';
import { inspectImage } from './inspect-image.ts';

/** sharp writes TIFF as JPEG inside unless told otherwise, and that knows no transparency. */
const lossless = { compression: 'lzw' } as const;
const limits = { maxBytes: 1_000_000, maxPixels: 1_000_000, timeoutSeconds: 5 };

/** As its bytes say what it is. */
async function convert(bytes: Buffer, within: Parameters<typeof convertImage>[2]) {
  const inspected = await inspectImage(bytes);
  if ('contentType' in inspected) throw new Error(`${inspected.contentType} needs no conversion`);
  return convertImage(bytes, inspected.convertFrom, within);
}

function image(width: number, height: number, alpha?: number) {
  const background = { r: 200, g: 30, b: 30 };
  return sharp({
    create:
      alpha === undefined
        ? { width, height, channels: 3, background }
        : { width, height, channels: 4, background: { ...background, alpha } },
  });
}

async function animatedWebp(width: number, height: number, frames: number): Promise<Buffer> {
  const stills = await Promise.all(
    Array.from({ length: frames }, (_, index) =>
      sharp({ create: { width, height, channels: 3, background: { r: index * 20, g: 0, b: 0 } } })
        .png()
        .toBuffer(),
    ),
  );
  return sharp(stills, { join: { animated: true } })
    .webp()
    .toBuffer();
}

/** An ISO container of one box, as phones write it: only the brand tells HEVC from AV1. */
function isoImage(brand: string): Buffer {
  const header = Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0mif1${brand}`, 'latin1');
  return Buffer.concat([header, Buffer.from('\0\0\0\x10mdat\x01\x02\x03\x04\x05\x06\x07\x08', 'latin1')]);
}

describe('convertImage', () => {
  it.each(['webp', 'avif', 'tiff'] as const)('makes a JPEG of an opaque %s', async (format) => {
    const { bytes, ...rest } = await convert(await image(40, 30).toFormat(format).toBuffer(), limits);
    expect(rest).toEqual({ contentType: 'image/jpeg', pixels: 1200 });
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 40, height: 30 });
    const { dominant } = await sharp(bytes).stats();
    expect(dominant.r).toBeGreaterThan(150);
    expect(dominant.g).toBeLessThan(80);
  });

  it.each(['webp', 'avif', 'tiff'] as const)('makes a PNG of a %s with transparency', async (format) => {
    const { bytes, ...rest } = await convert(
      await image(40, 30, 0.5).toFormat(format, lossless).toBuffer(),
      limits,
    );
    expect(rest).toEqual({ contentType: 'image/png', pixels: 1200 });
    expect(await sharp(bytes).metadata()).toMatchObject({
      format: 'png',
      width: 40,
      height: 30,
      hasAlpha: true,
    });
    await sharp(bytes).raw().toBuffer();
  });

  it('turns the pixels that an orientation tag would have turned', async () => {
    const sideways = await image(40, 30).withMetadata({ orientation: 6 }).webp().toBuffer();
    const { bytes } = await convert(sideways, limits);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 30, height: 40 });
  });

  it('keeps a small animation moving, and shows the first frame of a large one', async () => {
    const small = await convert(await animatedWebp(20, 10, 4), limits);
    expect(small.contentType).toBe('image/gif');
    expect(await sharp(small.bytes).metadata()).toMatchObject({
      format: 'gif',
      pages: 4,
      width: 20,
      height: 10,
    });

    const large = await convert(await animatedWebp(300, 300, 12), limits);
    expect(large.contentType).toBe('image/jpeg');
    expect(await sharp(large.bytes).metadata()).toMatchObject({ width: 300, height: 300 });
  });

  it('flattens a transparent image whose PNG is too large, and gives up on a JPEG that is', async () => {
    const noise = Buffer.from(Array.from({ length: 200 * 200 * 4 }, (_, index) => (index * 7919) % 251));
    const webp = await sharp(noise, { raw: { width: 200, height: 200, channels: 4 } })
      .webp({ quality: 50 })
      .toBuffer();
    const png = await convert(webp, limits);
    expect(png.contentType).toBe('image/png');
    const jpeg = await convert(webp, { ...limits, maxBytes: png.bytes.length - 1 });
    expect(jpeg.contentType).toBe('image/jpeg');
    await expect(convert(webp, { ...limits, maxBytes: 500 })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
  });

  it('shrinks a converted image to 4096 pixels a side', async () => {
    const { bytes } = await convert(await image(5000, 10).webp().toBuffer(), limits);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 4096, height: 8 });
  });

  it('shrinks one with transparency to 2048 pixels a side, at 8 bits a sample', async () => {
    const deep = image(3000, 10, 0.5).toColourspace('rgb16');
    const { bytes } = await convert(await deep.tiff(lossless).toBuffer(), limits);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 2048, height: 7, depth: 'uchar' });
  });

  it('refuses an AVIF of more than six million pixels, whose decoder holds an image several times', async () => {
    const avif = await image(3001, 2000).avif({ effort: 0 }).toBuffer();
    await expect(convert(avif, { ...limits, maxPixels: 50_000_000 })).rejects.toMatchObject({
      code: 'TOO_LARGE',
      forChat: 'has too many pixels',
    });
  });

  it('refuses an image with too many pixels before decoding it', async () => {
    const webp = await image(1001, 1000).webp().toBuffer();
    await expect(convert(webp, limits)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      forChat: 'has too many pixels',
    });
  });

  it.each(['heic', 'mif1'])(
    'says that the format of a container it cannot decode is not supported: %s',
    async (brand) => {
      await expect(convert(isoImage(brand), limits)).rejects.toMatchObject({
        code: 'UNSUPPORTED_TYPE',
        forChat: 'was sent with an unsupported format',
      });
    },
  );

  it('says that a cut-off WebP, AVIF or TIFF is damaged', async () => {
    for (const format of ['webp', 'avif', 'tiff'] as const) {
      const whole = await image(100, 100).toFormat(format).toBuffer();
      const half = whole.subarray(0, Math.floor(whole.length / 2));
      await expect(convert(half, limits), format).rejects.toMatchObject({
        code: 'BROKEN',
        forChat: 'is damaged',
      });
    }
  });
});
