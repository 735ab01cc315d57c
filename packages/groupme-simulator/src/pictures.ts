import { v4 } from 'uuid';

interface Picture {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly storedAtMs: number;
}

export interface Pictures {
  /** Returns the path under which the picture is found, in GroupMe's form `/{w}x{h}.{format}.{32 hex}`. */
  store(bytes: Buffer): string;
  /** `path` may carry `.preview`, `.large` or `.avatar`; those exist a while later than the picture. */
  find(path: string): Picture | undefined;
  clear(): void;
}

const PATH = /^(\/\d+x\d+\.[a-z]+\.[0-9a-f]{32})(\.(?:preview|large|avatar))?$/;

/** Pictures are kept in memory. The oldest goes when there are more than this. */
const MAX_PICTURES = 500;

export function createPictures(variantDelayMs: number): Pictures {
  const pictures = new Map<string, Picture>();
  return {
    store(bytes) {
      const { format, width, height } = inspectPicture(bytes);
      const path = `/${width}x${height}.${format}.${v4().replaceAll('-', '')}`;
      pictures.set(path, { bytes, contentType: `image/${format}`, storedAtMs: performance.now() });
      const oldest = pictures.keys().next();
      if (pictures.size > MAX_PICTURES && !oldest.done) pictures.delete(oldest.value);
      return path;
    },
    find(path) {
      const [, original, variant] = PATH.exec(path) ?? [];
      const picture = original === undefined ? undefined : pictures.get(original);
      if (picture === undefined || variant === undefined) return picture;
      return performance.now() >= picture.storedAtMs + variantDelayMs ? picture : undefined;
    },
    clear: () => pictures.clear(),
  };
}

export function isPicturePath(path: string): boolean {
  return PATH.test(path);
}

/** Whether a picture of GroupMe's image service, or of a simulator's, is named: one of an earlier run too. */
export function isPictureUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, pathname } = new URL(url);
  return hostname === 'i.groupme.com' || isPicturePath(pathname);
}

/** Format and size from the header bytes; 1x1 jpeg for what is not recognised. */
export function inspectPicture(bytes: Buffer): { format: string; width: number; height: number } {
  if (bytes.length >= 24 && bytes.readUInt32BE(0) === 0x89504e47) {
    return { format: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  }
  if (bytes.length >= 10 && bytes.toString('latin1', 0, 3) === 'GIF') {
    return { format: 'gif', width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
  }
  return { format: 'jpeg', ...(readJpegSize(bytes) ?? { width: 1, height: 1 }) };
}

/** Walks the segments of a JPEG up to its frame header, which holds the size. */
function readJpegSize(bytes: Buffer): { width: number; height: number } | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  let offset = 2;
  while (offset + 9 <= bytes.length && bytes[offset] === 0xff) {
    const marker = bytes[offset + 1] ?? 0;
    // C0 to CF are frame headers, but for the tables C4, C8 and CC.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { height: bytes.readUInt16BE(offset + 5), width: bytes.readUInt16BE(offset + 7) };
    }
    offset += 2 + bytes.readUInt16BE(offset + 2);
  }
  return undefined;
}
