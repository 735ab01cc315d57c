import type { Buffer } from 'node:buffer';

/** The types that GroupMe's image service takes. */
export type ImageType = 'image/png' | 'image/jpeg' | 'image/gif';

/** What a PNG, JPEG or GIF says about itself, read without decoding it. */
export interface ImageHeader {
  readonly contentType: ImageType;
  /** Undefined where the file does not get as far as saying so. */
  readonly pixels: number | undefined;
  /** Whether it ends in the middle of something. */
  readonly isCutOff: boolean;
}

/** Undefined for what is none of the three. Signatures by hand: nothing after them may make a PNG into something unknown. */
export function headerOf(bytes: Buffer): ImageHeader | undefined {
  const start = bytes.toString('latin1', 0, 8);
  if (start === '\x89PNG\r\n\x1a\n') return pngHeader(bytes);
  if (start.startsWith('\xff\xd8\xff')) return jpegHeader(bytes);
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return gifHeader(bytes);
  return undefined;
}

/** Looks for the last chunk by its name: lengths in the field are wrong now and then, and viewers do not mind. */
function pngHeader(bytes: Buffer): ImageHeader {
  return {
    contentType: 'image/png',
    pixels: bytes.length < 24 ? undefined : bytes.readUInt32BE(16) * bytes.readUInt32BE(20),
    isCutOff: bytes.indexOf('IEND', 8, 'latin1') === -1,
  };
}

/** Frame headers are C0 to CF, but for the tables C4, C8 and CC. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

/** Walks the segments up to the first scan, whose data has no length: from there on only the end is looked for. */
function jpegHeader(bytes: Buffer): ImageHeader {
  const contentType = 'image/jpeg';
  let pixels: number | undefined;
  let offset = 2;
  while (offset + 4 <= bytes.length) {
    const marker = bytes[offset + 1] ?? 0;
    if (bytes[offset] !== 0xff) break;
    if (marker === 0xff) {
      // A marker may be preceded by any number of these.
      offset += 1;
    } else if (marker === 0xda) {
      return { contentType, pixels, isCutOff: bytes.indexOf('\xff\xd9', offset, 'latin1') === -1 };
    } else {
      if (isFrame(marker) && offset + 9 <= bytes.length) {
        pixels = bytes.readUInt16BE(offset + 5) * bytes.readUInt16BE(offset + 7);
      }
      offset += 2 + bytes.readUInt16BE(offset + 2);
    }
  }
  return { contentType, pixels, isCutOff: true };
}

/** Walks the blocks. Some encoders leave out the last one, the trailer. */
function gifHeader(bytes: Buffer): ImageHeader {
  const contentType = 'image/gif';
  if (bytes.length < 13) return { contentType, pixels: undefined, isCutOff: true };
  const pixels = bytes.readUInt16LE(6) * bytes.readUInt16LE(8);
  const cutOff = { contentType, pixels, isCutOff: true } as const;
  let offset = 13 + colourTableBytes(bytes[10] ?? 0);
  let hasImage = false;
  while (offset < bytes.length) {
    const kind = bytes[offset];
    if (kind === 0x3b) break;
    if (kind === 0x2c) {
      // Its place and size, flags, a colour table, and the least code size.
      offset += 10 + colourTableBytes(bytes[offset + 9] ?? 0) + 1;
      hasImage = true;
    } else if (kind === 0x21) {
      offset += 2;
    } else {
      // Not a block: what viewers skip after the last image.
      break;
    }
    // Sub-blocks: a length and as many bytes each, until one is empty.
    for (let length = bytes[offset]; length !== 0; length = bytes[offset]) {
      if (length === undefined) return cutOff;
      offset += 1 + length;
    }
    offset += 1;
  }
  return hasImage ? { contentType, pixels, isCutOff: false } : cutOff;
}

function colourTableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1);
}
