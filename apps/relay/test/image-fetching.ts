// For the tests of fetch-image.ts; whoever imports it has things closed and variables restored after each test.
import sharp from 'sharp';
import { afterEach, vi } from 'vitest';
import { ImageError } from '../src/intake/images/errors.ts';
import {
  createImageFetcher,
  type ImageFetcher,
  type ImageFetcherOptions,
} from '../src/intake/images/fetch-image.ts';
import { type ImagesServer, startImagesServer } from './images-server.ts';

export const png = await sharp({ create: { width: 8, height: 4, channels: 3, background: 'red' } })
  .png()
  .toBuffer();

/** Run after the test, last first. */
export const cleanUps: (() => PromiseLike<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A fetcher that may reach loopback, unless told otherwise. */
export function fetcher(options: Partial<ImageFetcherOptions> = {}): ImageFetcher {
  const created = createImageFetcher({ allowHosts: ['127.0.0.1'], ...options });
  cleanUps.push(() => created.close());
  return created;
}

/** An HTTP server on loopback for the length of the test. */
export async function serve(handle: Parameters<typeof startImagesServer>[0]): Promise<ImagesServer> {
  const server = await startImagesServer(handle);
  cleanUps.push(() => server[Symbol.asyncDispose]());
  return server;
}

/** The error of a fetch that must fail. */
export async function failure(promise: Promise<unknown>): Promise<ImageError> {
  const error: unknown = await promise.then(
    () => new Error('it was fetched'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ImageError)) throw error;
  return error;
}
