import { createHash } from 'node:crypto';
import { lookup as lookupDns } from 'node:dns/promises';
import { Agent } from 'undici';
import { type Convert, convertApart } from './convert-apart.ts';
import { createDownload } from './download.ts';
import { ImageError, tookTooLong } from './errors.ts';
import { buildGuard } from './guard.ts';
import { buildGuardedConnector, type Lookup } from './guarded-connector.ts';
import type { ImageType } from './image-header.ts';
import { createImageMemory, type ImageMemory, START_BYTES } from './image-memory.ts';
import { inspectImage } from './inspect-image.ts';
import type { MemoryHold } from './memory-share.ts';
import { createTimeLimit } from './time-limit.ts';

/** A picture that GroupMe's picture service will take. */
export interface FetchedImage {
  readonly bytes: Buffer;
  readonly contentType: ImageType;
  /** Of `bytes`, hexadecimal. */
  readonly sha256: string;
  /** Whether `bytes` are in another format than what was fetched. */
  readonly converted: boolean;
  /** Gives back the memory that `bytes` are accounted for. To be called once they are of no more use. Idempotent. */
  release(): void;
}

interface FetchRequest {
  /** Whose picture it is: sources take turns when memory is short. */
  readonly source?: string;
  /** Aborts when it is too late to wait for memory: what waits then fails with `TOO_MANY`. */
  readonly startBy?: AbortSignal;
  /** Aborts when the picture is of no more use: `TIMEOUT`. */
  readonly signal?: AbortSignal;
}

export interface ImageFetcher {
  /**
   * Fetches a picture that a stranger named, and converts it where GroupMe would not take it.
   *
   * @throws ImageError when there is no picture to be had.
   */
  fetch(url: string, request?: FetchRequest): Promise<FetchedImage>;
  /** Breaks off what is under way; those calls fail with `UNREACHABLE`. */
  close(): Promise<void>;
}

export interface ImageFetcherOptions {
  /** Exempt from the guard; see `buildGuard`. */
  readonly allowHosts: readonly string[];
  /** Of the file as fetched, and as converted. 15 MiB. */
  readonly maxBytes?: number;
  /** Over look-ups, redirects, headers and body, without waiting for memory. 10 s. Converting has a limit of its own. */
  readonly totalTimeoutMs?: number;
  readonly maxRedirects?: number;
  /** Of pictures that must be decoded. 50 million. */
  readonly maxPixels?: number;
  /** For one conversion, in whole seconds. 5 s. */
  readonly convertTimeoutSeconds?: number;
  /** All addresses of a name. The system's resolver. */
  readonly lookup?: Lookup;
  /** Shared by all pictures of the process. */
  readonly memory?: ImageMemory;
  readonly convert?: Convert;
  /** The `authorization` for an address that a message names; never for one that it is redirected to. */
  readonly authorize?: ((url: URL) => string | undefined) | undefined;
  /** Told how many pixels were decoded for a conversion. */
  readonly onConverted?: (pixels: number) => void;
}

const DEFAULT_MEMORY_BYTES = 96 * 1024 * 1024;

const NEVER = new AbortController().signal;

/**
 * Creates a fetcher of pictures with its own connections.
 *
 * @throws AllowHostsError when `allowHosts` cannot be understood.
 */
export function createImageFetcher(options: ImageFetcherOptions): ImageFetcher {
  const {
    maxBytes = 15 * 1024 * 1024,
    totalTimeoutMs = 10_000,
    maxRedirects = 3,
    maxPixels = 50_000_000,
    convertTimeoutSeconds = 5,
    lookup = (hostname) => lookupDns(hostname, { all: true }),
    memory = createImageMemory(DEFAULT_MEMORY_BYTES),
    convert = convertApart,
    onConverted = () => undefined,
  } = options;
  const convertLimits = { maxBytes, maxPixels, timeoutSeconds: convertTimeoutSeconds };
  const guard = buildGuard(options.allowHosts);
  const agent = new Agent({
    connect: buildGuardedConnector(guard, lookup, totalTimeoutMs),
    // A kept connection that the server has just closed would look like an unreachable server.
    pipelining: 0,
    // One clock for everything is in `fetch`.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  const download = createDownload({
    agent,
    guard,
    maxBytes,
    maxRedirects,
    memory,
    authorize: options.authorize,
  });
  const closing = new AbortController();

  async function fetch(
    url: string,
    { source = '', startBy = NEVER, signal = NEVER }: FetchRequest,
    holds: MemoryHold[],
  ): Promise<Omit<FetchedImage, 'release'>> {
    const address = guard.parseUrl(url);
    const ended = AbortSignal.any([signal, closing.signal]);
    const waiting = { source, signal: AbortSignal.any([startBy, ended]) };
    holds.push(await memory.start.take(START_BYTES, waiting));
    const limit = createTimeLimit(totalTimeoutMs, ended);
    let file: Buffer;
    try {
      ended.throwIfAborted();
      file = await download(address, waiting, limit, holds);
    } catch (error) {
      throw limit.isReached ? timedOut(totalTimeoutMs, error) : toImageError(error);
    } finally {
      limit.end();
    }
    // Its connection is closed; a body of its own holds what it needs.
    if (holds.length > 1) holds[0]?.release();
    const inspected = await inspectImage(file);
    if ('contentType' in inspected) {
      return { bytes: file, contentType: inspected.contentType, sha256: sha256(file), converted: false };
    }
    const result = await memory.converted.take(maxBytes, waiting);
    const inputs = holds.splice(0, holds.length, result);
    try {
      const { bytes, contentType, pixels } = await convert(file, inspected.convertFrom, convertLimits, ended);
      result.shrink(bytes.length);
      onConverted(pixels);
      return { bytes, contentType, sha256: sha256(bytes), converted: true };
    } finally {
      for (const input of inputs) input.release();
    }
  }

  return {
    async fetch(url, request = {}) {
      const holds: MemoryHold[] = [];
      const release = () => {
        for (const hold of holds) hold.release();
      };
      try {
        return { ...(await fetch(url, request, holds)), release };
      } catch (error) {
        release();
        if (closing.signal.aborted) throw stopping();
        if (request.signal?.aborted) throw tookTooLong();
        throw error;
      }
    },

    async close() {
      closing.abort();
      await agent.destroy();
    },
  };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function timedOut(totalTimeoutMs: number, cause: unknown): ImageError {
  const seconds = Math.ceil(totalTimeoutMs / 1000);
  return new ImageError('TIMEOUT', `could not be fetched within ${seconds} s`, { cause });
}

function stopping(): ImageError {
  return new ImageError('UNREACHABLE', 'could not be fetched (the relay was stopping)');
}

function toImageError(error: unknown): ImageError {
  const known = findImageError(error);
  if (known !== undefined) return known;
  // No such name, refused, reset, a bad certificate, something that is not HTTP. The log gets the code only,
  // since the messages of sockets name addresses.
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return new ImageError('UNREACHABLE', 'could not be fetched (no usable answer)', {
    message: `no usable answer: ${code}`,
    cause: error,
  });
}

/** The guard's own refusal, which comes wrapped in what the socket and the client made of it. */
function findImageError(error: unknown): ImageError | undefined {
  if (error instanceof ImageError) return error;
  if (error instanceof AggregateError)
    return error.errors.map(findImageError).find((found) => found !== undefined);
  if (error instanceof Error && error.cause !== undefined) return findImageError(error.cause);
  return undefined;
}
