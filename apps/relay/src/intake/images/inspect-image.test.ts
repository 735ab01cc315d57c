import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { inspectImage } from './inspect-image.ts';

/** The 1x1 image of the recorded cases. */
const tinyPng = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
);

const photo = sharp({ create: { width: 300, height: 200, channels: 3, background: 'red' } });
const png = await photo.clone().png().toBuffer();
const jpeg = await photo.clone().jpeg().toBuffer();
const progressive = await photo.clone().jpeg({ progressive: true }).toBuffer();
const gif = await photo.clone().gif().toBuffer();
const moving = await sharp([png, await photo.clone().negate().png().toBuffer()], { join: { animated: true } })
  .gif()
  .toBuffer();
const withExif = await photo
  .clone()
  .withExif({ IFD0: { ImageDescription: 'x'.repeat(50_000) } })
  .jpeg()
  .toBuffer();

const whole = { tinyPng, png, jpeg, progressive, withExif, gif, moving };

/** An ISO container of one box, as phones write it: only the brand tells HEVC from AV1. */
function isoImage(brand: string): Buffer {
  const header = Buffer.from(`\0\0\0\x18ftyp${brand}\0\0\0\0mif1${brand}`, 'latin1');
  return Buffer.concat([header, Buffer.from('\0\0\0\x10mdat\x01\x02\x03\x04\x05\x06\x07\x08', 'latin1')]);
}

describe('PNG, JPEG and GIF', () => {
  it.each(Object.entries(whole))('go through: %s', async (name, bytes) => {
    const type = name.toLowerCase().includes('png') ? 'png' : bytes[0] === 0x47 ? 'gif' : 'jpeg';
    expect(await inspectImage(bytes)).toEqual({ contentType: `image/${type}` });
    const followed = Buffer.concat([bytes, Buffer.from('something that a camera adds')]);
    expect(await inspectImage(followed)).toEqual({ contentType: `image/${type}` });
  });

  it.each(Object.entries(whole))('are called cut off when they are, wherever: %s', async (_name, bytes) => {
    // Neither the checksum at the end of a PNG nor the trailer of a GIF is missed.
    for (let length = 8; length < bytes.length - 4; length += 1 + Math.floor(bytes.length / 97)) {
      await expect(inspectImage(bytes.subarray(0, length)), `${length} bytes`).rejects.toMatchObject({
        code: 'BROKEN',
        forChat: 'is cut off',
      });
    }
  });

  it('are not judged otherwise: the image service does that', async () => {
    const damaged = Buffer.from(png).fill(0x55, 45, 60);
    expect(await inspectImage(damaged)).toEqual({ contentType: 'image/png' });
    // Encoders that leave out the trailer exist, and viewers do not mind.
    expect(await inspectImage(gif.subarray(0, gif.length - 1))).toEqual({ contentType: 'image/gif' });
  });

  it('are refused with more pixels than any camera has', async () => {
    const hugePng = Buffer.from(png);
    hugePng.writeUInt32BE(30_000, 16);
    hugePng.writeUInt32BE(30_000, 20);
    const hugeGif = Buffer.from(gif);
    hugeGif.writeUInt16LE(65_535, 6);
    hugeGif.writeUInt16LE(65_535, 8);
    const hugeJpeg = Buffer.from(progressive);
    const frame = hugeJpeg.indexOf(Buffer.from([0xff, 0xc2]));
    hugeJpeg.writeUInt16BE(65_000, frame + 5);
    hugeJpeg.writeUInt16BE(65_000, frame + 7);
    for (const bytes of [hugePng, hugeGif, hugeJpeg]) {
      await expect(inspectImage(bytes)).rejects.toMatchObject({
        code: 'TOO_LARGE',
        forChat: 'has too many pixels',
      });
    }
  });
});

describe('other files', () => {
  it.each([
    ['webp', 'image/webp'],
    ['avif', 'image/avif'],
    ['tiff', 'image/tiff'],
  ] as const)('are to be converted: %s', async (format, convertFrom) => {
    expect(await inspectImage(await photo.clone().toFormat(format).toBuffer())).toEqual({ convertFrom });
  });

  it('are perhaps to be converted, when it takes trying to know', async () => {
    expect(await inspectImage(isoImage('heic'))).toEqual({ convertFrom: 'image/heic' });
    expect(await inspectImage(isoImage('mif1'))).toEqual({ convertFrom: 'image/heif' });
  });

  it.each([
    ['BMP', Buffer.from('BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0', 'latin1')],
    ['PDF', Buffer.from('%PDF-1.7\n')],
    ['MP4', Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'latin1')],
    ['a contact card', Buffer.from('BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\n')],
    ['SVG', Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>')],
  ])('are of an unsupported format: %s', async (_name, bytes) => {
    await expect(inspectImage(bytes)).rejects.toMatchObject({
      code: 'UNSUPPORTED_TYPE',
      forChat: 'was sent with an unsupported format',
    });
  });

  it('are not called a format when they are a web page', async () => {
    await expect(inspectImage(Buffer.from('<!doctype html><p>Log in'))).rejects.toMatchObject({
      code: 'UNSUPPORTED_TYPE',
      forChat: 'was not recognised as a picture',
    });
  });

  it('are called empty when they are', async () => {
    await expect(inspectImage(Buffer.alloc(0))).rejects.toMatchObject({
      code: 'BROKEN',
      forChat: 'is empty',
    });
  });
});
