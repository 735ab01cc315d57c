import { createMemoryShare, type MemoryHold, type MemoryRequest, type MemoryShare } from './memory-share.ts';

/**
 * The bytes of images that the process may hold at once, in four shares. An image takes from them in this order, and
 * whoever waits for a share holds nothing of a later one: so no two can wait for each other.
 */
export interface ImageMemory {
  /** For a connection and the first bytes of its image, before anything is known about it: {@link START_BYTES}. */
  readonly start: MemoryShare;
  /** For the rest of an image: so that small ones do not wait for large ones, each has a share of its own. */
  takeForBody(bytes: number, request: MemoryRequest): Promise<MemoryHold>;
  /** For the result of a conversion, the most that it can be until it is known. */
  readonly converted: MemoryShare;
  /** Of all shares. */
  readonly usedBytes: number;
  readonly waiting: number;
}

/** As much as a connection's own buffers take, and more than many an image. */
export const START_BYTES = 128 * 1024;

const MAX_ORDINARY_BYTES = 2 * 1024 * 1024;

/**
 * @param totalBytes At least four times the largest image.
 */
export function createImageMemory(totalBytes: number): ImageMemory {
  const start = createMemoryShare(totalBytes / 8);
  const ordinaryBytes = totalBytes / 8;
  const ordinary = createMemoryShare(ordinaryBytes);
  const large = createMemoryShare(totalBytes / 2);
  const converted = createMemoryShare(totalBytes / 4, 'converted');
  const shares = [start, ordinary, large, converted];
  return {
    start,
    takeForBody: (bytes, request) =>
      (bytes <= Math.min(MAX_ORDINARY_BYTES, ordinaryBytes) ? ordinary : large).take(bytes, request),
    converted,
    get usedBytes() {
      return shares.reduce((sum, share) => sum + share.usedBytes, 0);
    },
    get waiting() {
      return shares.reduce((sum, share) => sum + share.waiting, 0);
    },
  };
}
