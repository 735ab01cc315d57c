import { Buffer } from 'node:buffer';
import type { Dispatcher } from 'undici';
import { ImageError, tooLarge } from './errors.ts';
import { START_BYTES } from './image-memory.ts';
import type { MemoryHold } from './memory-share.ts';

/**
 * Reads a body into one piece of memory, and closes the connection at the first byte over the cap. While it waits for
 * memory it reads nothing, so that the server has to wait too.
 *
 * @param takeMemory Called at most once, for a body of more than {@link START_BYTES}: with its length where it has
 * one, and else with the cap, since whoever asked again and again could wait for others who do the same.
 * @throws ImageError, and what `takeMemory` throws.
 */
export async function readBody(
  { headers, body }: Dispatcher.ResponseData,
  maxBytes: number,
  takeMemory: (bytes: number) => Promise<MemoryHold>,
): Promise<Buffer> {
  // Also for a connection that breaks while memory is waited for: the loop below meets the error.
  body.on('error', () => undefined);
  try {
    const encoding = headers['content-encoding'];
    // `identity` was asked for. Unpacking what comes anyway would need a second cap for bombs.
    if (encoding !== undefined && encoding !== 'identity') {
      throw new ImageError('UNSUPPORTED_TYPE', 'was sent in a compressed form that the relay does not read');
    }
    const announced = Number(headers['content-length'] ?? Number.NaN);
    if (announced > maxBytes) throw tooLarge(maxBytes);
    const isLong = announced > START_BYTES;
    const hold = isLong ? await takeMemory(announced) : undefined;
    return await readInto(
      body,
      isLong ? announced : Math.min(START_BYTES, maxBytes),
      maxBytes,
      takeMemory,
      hold,
    );
  } catch (error) {
    body.destroy();
    throw error;
  }
}

/** Starts with as much memory as is taken already, and takes more when that is full. */
async function readInto(
  body: AsyncIterable<Buffer>,
  firstBytes: number,
  maxBytes: number,
  takeMemory: (bytes: number) => Promise<MemoryHold>,
  firstHold: MemoryHold | undefined,
): Promise<Buffer> {
  let hold = firstHold;
  // Not from the pool, which would keep a large piece alive for a small image.
  let file = Buffer.allocUnsafeSlow(firstBytes);
  let length = 0;
  try {
    for await (const chunk of body) {
      if (length + chunk.length > maxBytes) throw tooLarge(maxBytes);
      if (length + chunk.length > file.length) {
        hold ??= await takeMemory(maxBytes);
        const larger = Buffer.allocUnsafeSlow(maxBytes);
        file.copy(larger, 0, 0, length);
        file = larger;
      }
      length += chunk.copy(file, length);
    }
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError('BROKEN', 'was cut off while it was fetched', { cause: error });
  }
  if (length === file.length) return file;
  const exact = Buffer.allocUnsafeSlow(length);
  file.copy(exact, 0, 0, length);
  hold?.shrink(length);
  return exact;
}
