import type { Buffer } from 'node:buffer';
import { type Dispatcher, request } from 'undici';
import { ImageError } from './errors.ts';
import type { Guard } from './guard.ts';
import type { ImageMemory } from './image-memory.ts';
import type { MemoryHold, MemoryRequest } from './memory-share.ts';
import { readBody } from './read-body.ts';
import type { TimeLimit } from './time-limit.ts';

/**
 * Follows redirects to a file and reads it. Adds what it takes of the memory to `holds`; the time in which it waits for
 * that does not count for `limit`.
 */
type Download = (
  address: URL,
  waiting: MemoryRequest,
  limit: TimeLimit,
  holds: MemoryHold[],
) => Promise<Buffer>;

const REDIRECTS = [301, 302, 303, 307, 308];

export function createDownload(options: {
  agent: Dispatcher;
  guard: Guard;
  maxBytes: number;
  maxRedirects: number;
  memory: ImageMemory;
  /** The `authorization` for an address that a message names. Never asked about one that a server leads to. */
  authorize?: ((url: URL) => string | undefined) | undefined;
}): Download {
  const { agent, guard, maxBytes, maxRedirects, memory } = options;
  return async (address, waiting, limit, holds) => {
    let url = address;
    // Whoever answers may lead anywhere, also to the host that would take our credentials.
    let authorization = options.authorize?.(address);
    for (let redirects = 0; ; redirects += 1) {
      const response = await request(url, {
        dispatcher: agent,
        signal: limit.signal,
        headers: {
          accept: 'image/*',
          'accept-encoding': 'identity',
          'user-agent': 'wbor-relay',
          ...(authorization === undefined ? {} : { authorization }),
        },
      });
      const { statusCode, headers, body } = response;
      if (statusCode === 200) {
        return readBody(response, maxBytes, async (bytes) => {
          const hold = await limit.pauseFor(memory.takeForBody(bytes, waiting));
          holds.push(hold);
          return hold;
        });
      }
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
      authorization = undefined;
    }
  };
}
