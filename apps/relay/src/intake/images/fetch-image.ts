import { createHash } from 'node:crypto';
import { lookup as lookupDns } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import { type ImageType, prepareImage } from './convert-image.ts';
import { ImageError, tooLarge } from './errors.ts';
import { addressRefused, buildGuard, type Guard } from './guard.ts';

/** A picture that GroupMe's picture service will take. */
export interface FetchedImage {
  readonly bytes: Buffer;
  readonly contentType: ImageType;
  /** Of `bytes`, hexadecimal. */
  readonly sha256: string;
  /** Whether `bytes` are in another format than what was fetched. */
  readonly converted: boolean;
}

export interface ImageFetcher {
  /**
   * Fetches a picture that a stranger named, and converts it where GroupMe would not take it.
   *
   * @throws ImageError, and nothing else, when there is no picture to be had.
   */
  fetch(url: string): Promise<FetchedImage>;
  /** Breaks off what is under way; those calls fail with `UNREACHABLE`. */
  close(): Promise<void>;
}

type Lookup = (hostname: string) => Promise<readonly { address: string; family: number }[]>;

export interface ImageFetcherOptions {
  /** Exempt from the guard; see `buildGuard`. */
  readonly allowHosts: readonly string[];
  /** Of the file as fetched, and as converted. 15 MiB. */
  readonly maxBytes?: number;
  /** Over look-ups, redirects, headers and body. 10 s. Converting has a limit of its own. */
  readonly totalTimeoutMs?: number;
  readonly maxRedirects?: number;
  /** Of pictures that must be decoded. 50 million. */
  readonly maxPixels?: number;
  /** For one conversion, in whole seconds. 5 s. Soft: AVIF decoders notice it some seconds late. */
  readonly convertTimeoutSeconds?: number;
  /** All addresses of a name. The system's resolver. */
  readonly lookup?: Lookup;
}

const REDIRECTS = [301, 302, 303, 307, 308];

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
  } = options;
  const guard = buildGuard(options.allowHosts);
  const agent = new Agent({
    connect: buildGuardedConnector(guard, lookup, totalTimeoutMs),
    // A kept connection that the server has just closed would look like an unreachable server.
    pipelining: 0,
    // One clock for everything is in `fetch`.
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  async function download(address: string, signal: AbortSignal): Promise<Buffer> {
    let url = guard.parseUrl(address);
    for (let redirects = 0; ; redirects += 1) {
      const response = await request(url, {
        dispatcher: agent,
        signal,
        headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'wbor-relay' },
      });
      const { statusCode, headers, body } = response;
      if (statusCode === 200) return readBody(response, maxBytes);
      // What an error page says is of no interest, and neither is a connection that is busy saying it.
      body.on('error', () => undefined).destroy();
      if (!REDIRECTS.includes(statusCode) || typeof headers.location !== 'string') {
        throw new ImageError('HTTP_STATUS', `could not be fetched (HTTP ${statusCode})`, {
          status: statusCode,
        });
      }
      if (redirects === maxRedirects) {
        throw new ImageError('TOO_MANY_REDIRECTS', 'could not be fetched (too many redirects)');
      }
      url = guard.parseUrl(headers.location, url);
    }
  }

  const running = new Set<AbortController>();
  let isClosed = false;

  return {
    async fetch(url) {
      const abort = new AbortController();
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        abort.abort();
      }, totalTimeoutMs);
      running.add(abort);
      let file: Buffer;
      try {
        if (isClosed) throw stopping();
        file = await download(url, abort.signal);
      } catch (error) {
        throw isLate ? timedOut(totalTimeoutMs, error) : isClosed ? stopping() : toImageError(error);
      } finally {
        clearTimeout(timer);
        running.delete(abort);
      }
      const image = await prepareImage(file, { maxBytes, maxPixels, timeoutSeconds: convertTimeoutSeconds });
      return { ...image, sha256: createHash('sha256').update(image.bytes).digest('hex') };
    },

    async close() {
      isClosed = true;
      for (const abort of running) abort.abort();
      await agent.destroy();
    },
  };
}

/** Reads a body, and closes the connection at the first byte over the cap. */
async function readBody({ headers, body }: Dispatcher.ResponseData, maxBytes: number): Promise<Buffer> {
  const refuse = (error: ImageError): never => {
    body.on('error', () => undefined).destroy();
    throw error;
  };
  const encoding = headers['content-encoding'];
  // `identity` was asked for. Unpacking what comes anyway would need a second cap for bombs.
  if (encoding !== undefined && encoding !== 'identity') {
    return refuse(
      new ImageError('UNSUPPORTED_TYPE', 'was sent in a compressed form that the relay does not read'),
    );
  }
  if (Number(headers['content-length']) > maxBytes) return refuse(tooLarge(maxBytes));

  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      length += chunk.length;
      // Leaving the loop destroys the body, and with it the connection.
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError('BROKEN', 'was cut off while it was fetched', { cause: error });
  }
  return Buffer.concat(chunks, length);
}

/**
 * A connector whose look-ups pass the guard. The socket connects to exactly the addresses that were checked,
 * so a name that resolves differently a moment later gains nothing.
 */
function buildGuardedConnector(guard: Guard, lookup: Lookup, timeoutMs: number): buildConnector.connector {
  return (target, callback) => {
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80);
    const mayConnect = (address: string) => guard.mayConnect({ hostname: target.hostname, address, port });

    // Literals are not looked up; the URL was checked, and this guards against a path that forgot to.
    if (isIP(target.hostname) !== 0 && !mayConnect(target.hostname)) {
      callback(addressRefused(), null);
      return;
    }

    const guardedLookup: LookupFunction = (hostname, lookupOptions, done) => {
      lookup(hostname).then(
        (addresses) => {
          const [first] = addresses;
          // One private address among public ones is an attack or a mistake; neither deserves a connection.
          if (!addresses.every(({ address }) => mayConnect(address))) done(addressRefused(), '', 0);
          else if (first === undefined) done(new Error('the name has no address'), '', 0);
          else if (lookupOptions.all) done(null, [...addresses]);
          else done(null, first.address, first.family);
        },
        (error: NodeJS.ErrnoException) => done(error, '', 0),
      );
    };
    buildConnector({ allowH2: false, timeout: timeoutMs, lookup: guardedLookup })(target, callback);
  };
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
