import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { prepareImage } from './convert-image.ts';

/** sharp writes TIFF as JPEG inside unless told otherwise, and that knows no transparency. */
const lossless = { compression: 'lzw' } as const;
const limits = { maxBytes: 1_000_000, maxPixels: 1_000_000, timeoutSeconds: 5 };

/** The 1x1 image of the recorded cases. */
const tinyPng = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
);

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

describe('prepareImage', () => {
  it('passes PNG, JPEG and GIF on as they are', async () => {
    const files = [
      ['image/png', tinyPng],
      ['image/png', await image(3, 2).png().toBuffer()],
      ['image/jpeg', await image(3, 2).jpeg().toBuffer()],
      ['image/gif', await image(3, 2).gif().toBuffer()],
    ] as const;
    for (const [contentType, bytes] of files) {
      expect(await prepareImage(bytes, limits)).toEqual({ bytes, contentType, converted: false });
    }
  });

  it('does not judge a damaged PNG: the image service does', async () => {
    const bytes = Buffer.concat([tinyPng.subarray(0, 8), Buffer.from('nonsense')]);
    expect(await prepareImage(bytes, limits)).toEqual({ bytes, contentType: 'image/png', converted: false });
  });

  it.each(['webp', 'avif', 'tiff'] as const)('makes a JPEG of an opaque %s', async (format) => {
    const { bytes, ...rest } = await prepareImage(await image(40, 30).toFormat(format).toBuffer(), limits);
    expect(rest).toEqual({ contentType: 'image/jpeg', converted: true });
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 40, height: 30 });
    const { dominant } = await sharp(bytes).stats();
    expect(dominant.r).toBeGreaterThan(150);
    expect(dominant.g).toBeLessThan(80);
  });

  it.each(['webp', 'avif', 'tiff'] as const)('makes a PNG of a %s with transparency', async (format) => {
    const { bytes, ...rest } = await prepareImage(
      await image(40, 30, 0.5).toFormat(format, lossless).toBuffer(),
      limits,
    );
    expect(rest).toEqual({ contentType: 'image/png', converted: true });
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
    const { bytes } = await prepareImage(sideways, limits);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 30, height: 40 });
  });

  it('keeps a small animation moving, and shows the first frame of a large one', async () => {
    const small = await prepareImage(await animatedWebp(20, 10, 4), limits);
    expect(small.contentType).toBe('image/gif');
    expect(await sharp(small.bytes).metadata()).toMatchObject({
      format: 'gif',
      pages: 4,
      width: 20,
      height: 10,
    });

    const large = await prepareImage(await animatedWebp(300, 300, 12), limits);
    expect(large.contentType).toBe('image/jpeg');
    expect(await sharp(large.bytes).metadata()).toMatchObject({ width: 300, height: 300 });
  });

  it('flattens a transparent image whose PNG is too large, and gives up on a JPEG that is', async () => {
    const noise = Buffer.from(Array.from({ length: 200 * 200 * 4 }, (_, index) => (index * 7919) % 251));
    const webp = await sharp(noise, { raw: { width: 200, height: 200, channels: 4 } })
      .webp({ quality: 50 })
      .toBuffer();
    const png = await prepareImage(webp, limits);
    expect(png.contentType).toBe('image/png');
    const jpeg = await prepareImage(webp, { ...limits, maxBytes: png.bytes.length - 1 });
    expect(jpeg.contentType).toBe('image/jpeg');
    await expect(prepareImage(webp, { ...limits, maxBytes: 500 })).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
  });

  it('shrinks a converted image to 4096 pixels a side', async () => {
    const { bytes } = await prepareImage(await image(5000, 10).webp().toBuffer(), limits);
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 4096, height: 8 });
  });

  it('refuses an image with too many pixels before decoding it', async () => {
    const webp = await image(1001, 1000).webp().toBuffer();
    await expect(prepareImage(webp, limits)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      forChat: 'has too many pixels',
    });
  });

  it.each([
    ['HEIC', isoImage('heic')],
    ['HEIF', isoImage('mif1')],
    ['BMP', Buffer.from('BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0', 'latin1')],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['MP4', Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1')],
    ['a contact card', Buffer.from('BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n')],
    ['SVG', Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')],
  ])('says that the format of %s is not supported', async (_name, bytes) => {
    await expect(prepareImage(bytes, limits)).rejects.toMatchObject({
      code: 'UNSUPPORTED_TYPE',
      forChat: 'was sent with an unsupported format',
    });
  });

  it('does not call a web page a format', async () => {
    await expect(prepareImage(Buffer.from('<!doctype html><p>Log in'), limits)).rejects.toMatchObject({
      code: 'UNSUPPORTED_TYPE',
      forChat: 'was not recognised as a picture',
    });
  });

  it('says that an empty file is empty and that a cut-off WebP, AVIF or TIFF is damaged', async () => {
    await expect(prepareImage(Buffer.alloc(0), limits)).rejects.toMatchObject({
      code: 'BROKEN',
      forChat: 'is empty',
    });
    for (const format of ['webp', 'avif', 'tiff'] as const) {
      const whole = await image(100, 100).toFormat(format).toBuffer();
      const half = whole.subarray(0, Math.floor(whole.length / 2));
      await expect(prepareImage(half, limits), format).rejects.toMatchObject({
        code: 'BROKEN',
        forChat: 'is damaged',
      });
    }
  });

  it('goes on converting after a failure, one image at a time', async () => {
    const webp = await image(10, 10).webp().toBuffer();
    const results = await Promise.allSettled([
      prepareImage(webp.subarray(0, 30), limits),
      prepareImage(webp, limits),
      prepareImage(webp, limits),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });
});
