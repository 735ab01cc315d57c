import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { convertApart } from '../src/intake/images/convert-apart.ts';
import { failure, fetcher, serve } from './image-fetching.ts';
import { answer } from './images-server.ts';

const MIB = 1024 * 1024;
const NEVER = new AbortController().signal;
const limits = { maxBytes: 15 * MIB, maxPixels: 50_000_000, timeoutSeconds: 20 };

function blank(width: number, height: number) {
  const background = { r: 200, g: 30, b: 30 };
  return sharp({ create: { width, height, channels: 3, background }, limitInputPixels: false });
}

async function frames(width: number, height: number, count: number): Promise<Buffer> {
  const stills = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      sharp({ create: { width, height, channels: 3, background: { r: index, g: 0, b: 0 } } })
        .png({ compressionLevel: 1 })
        .toBuffer(),
    ),
  );
  return sharp(stills, { join: { animated: true }, limitInputPixels: false })
    .webp({ effort: 0, lossless: true })
    .toBuffer();
}

const tooManyPixels = 'has too many pixels';

describe('a small file that is a huge picture', () => {
  it.each([
    ['AVIF', () => blank(4000, 4000).avif({ effort: 0 }).toBuffer(), tooManyPixels],
    ['WebP', () => blank(8000, 8000).webp({ effort: 0 }).toBuffer(), tooManyPixels],
    ['TIFF', () => blank(8000, 8000).tiff({ compression: 'deflate' }).toBuffer(), tooManyPixels],
    ['PNG', () => blank(12_000, 12_000).png().toBuffer(), tooManyPixels],
    ['GIF', () => blank(12_000, 12_000).gif({ effort: 1 }).toBuffer(), tooManyPixels],
  ])(
    'is refused, ten at a time, without the process growing: %s',
    async (_format, build, reason) => {
      const file = await build();
      const images = fetcher({ convertTimeoutSeconds: 20 });
      const server = await serve((_request, response) => answer(response, file));
      const before = process.memoryUsage.rss();
      let peak = 0;
      const sampler = setInterval(() => {
        peak = Math.max(peak, process.memoryUsage.rss() - before);
      }, 5);
      const failures = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          failure(images.fetch(server.url('/'), { source: `s${index}` })),
        ),
      );
      clearInterval(sampler);
      expect(failures.map(({ forChat }) => forChat)).toEqual(Array.from({ length: 10 }, () => reason));
      expect(peak).toBeLessThan(100 * MIB);
    },
    60_000,
  );
});

describe('a conversion', () => {
  it('runs in a process of its own, and brings the picture back', async () => {
    const webp = await blank(300, 200).webp().toBuffer();
    const { bytes, ...rest } = await convertApart(webp, 'image/webp', limits, NEVER);
    expect(rest).toEqual({ contentType: 'image/jpeg', pixels: 60_000 });
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 300, height: 200 });
  });

  it('tells the reason of a failure as it is', async () => {
    const webp = await blank(300, 200).webp().toBuffer();
    await expect(convertApart(webp.subarray(0, 40), 'image/webp', limits, NEVER)).rejects.toMatchObject({
      code: 'BROKEN',
      forChat: 'is damaged',
    });
  });

  it('is ended when it needs more memory than its header said', async () => {
    const webp = await frames(2000, 2000, 4);
    const withoutHeaderCheck = { ...limits, maxPixels: 1_000_000_000 };
    await expect(convertApart(webp, 'image/webp', withoutHeaderCheck, NEVER, 90 * MIB)).rejects.toMatchObject(
      { code: 'TOO_LARGE', forChat: 'needs too much memory to convert' },
    );
  });

  it('is ended when it takes too long, and when nobody waits for it any more', async () => {
    const tiff = await blank(5000, 5000).tiff({ compression: 'deflate' }).toBuffer();
    await expect(
      convertApart(tiff, 'image/tiff', { ...limits, timeoutSeconds: 0 }, NEVER),
    ).rejects.toMatchObject({ code: 'TIMEOUT', forChat: 'took too long to convert' });
    const given = new AbortController();
    const converting = convertApart(tiff, 'image/tiff', limits, given.signal);
    given.abort();
    await expect(converting).rejects.toMatchObject({ code: 'TIMEOUT', forChat: 'took too long' });
  });
});
