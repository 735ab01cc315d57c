import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createImageMemory } from '../src/intake/images/image-memory.ts';
import { failure, fetcher, png, serve } from './image-fetching.ts';
import { answer } from './images-server.ts';

const MIB = 1024 * 1024;

/** A picture of this size, as long as nobody looks behind its end. */
function padded(bytes: number): Buffer {
  return Buffer.concat([png, Buffer.alloc(bytes - png.length)]);
}

/** Runs until the end of its test. */
function begin(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}

describe('the memory of all images', () => {
  it.each([
    ['with a Content-Length', { 'content-length': MIB }],
    ['without one', {}],
  ])('is never exceeded by bodies %s, and all arrive', async (_name, headers) => {
    const memory = createImageMemory(4 * MIB);
    const images = fetcher({ memory, maxBytes: MIB });
    let most = 0;
    const file = padded(MIB);
    const server = await serve((_request, response) => {
      most = Math.max(most, memory.usedBytes);
      response.writeHead(200, headers).end(file);
    });
    const sizes = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const image = await images.fetch(server.url('/'), { source: `s${index}` });
        most = Math.max(most, memory.usedBytes);
        expect(image.bytes.equals(file)).toBe(true);
        image.release();
        return image.bytes.length;
      }),
    );
    expect(sizes).toEqual(Array.from({ length: 24 }, () => MIB));
    expect(most).toBeLessThanOrEqual(4 * MIB);
    expect(memory.usedBytes).toBe(0);
    expect(memory.waiting).toBe(0);
  });

  it('is not waited for by small images while large ones take all of theirs', async () => {
    const memory = createImageMemory(16 * MIB);
    const images = fetcher({ memory, maxBytes: 4 * MIB });
    const small = padded(MIB);
    const server = await serve((request, response) => {
      if (request.url === '/small') response.writeHead(200, { 'content-length': MIB }).end(small);
      else response.writeHead(200, { 'content-length': 4 * MIB }).flushHeaders();
    });
    for (let number = 0; number < 8; number += 1)
      begin(images.fetch(server.url('/slow'), { source: 'slow' }));
    await expect.poll(() => memory.waiting).toBe(6);
    expect((await images.fetch(server.url('/small'), { source: 'other' })).bytes).toEqual(small);
    expect(memory.waiting).toBe(6);
  });

  it('is given up when it does not come in time, with the true reason, while the server waits', async () => {
    const memory = createImageMemory(4 * MIB);
    const images = fetcher({ memory, maxBytes: MIB, totalTimeoutMs: 60_000 });
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': MIB }).flushHeaders();
    });
    for (let number = 0; number < 2; number += 1) begin(images.fetch(server.url('/slow')));
    await expect.poll(() => memory.usedBytes).toBeGreaterThan(2 * MIB);
    const startBy = new AbortController();
    const waiting = failure(images.fetch(server.url('/late'), { startBy: startBy.signal }));
    await expect.poll(() => memory.waiting).toBe(1);
    startBy.abort();
    expect(await waiting).toMatchObject({
      code: 'TOO_MANY',
      forChat: 'could not be fetched (too many pictures at once)',
    });
  });

  it('is not counted as time of the fetch while it is waited for', async () => {
    const memory = createImageMemory(4 * MIB);
    const images = fetcher({ memory, maxBytes: MIB, totalTimeoutMs: 400 });
    const slow: ServerResponse[] = [];
    const file = padded(MIB);
    const server = await serve((request, response) => {
      response.writeHead(200, { 'content-length': MIB });
      if (request.url === '/slow') {
        slow.push(response);
        response.flushHeaders();
      } else response.end(file);
    });
    const hogs = fetcher({ memory, maxBytes: MIB, totalTimeoutMs: 60_000 });
    for (let number = 0; number < 2; number += 1) begin(hogs.fetch(server.url('/slow')));
    await expect.poll(() => memory.usedBytes).toBeGreaterThan(2 * MIB);
    const waiting = images.fetch(server.url('/other'), { source: 'other' });
    await expect.poll(() => memory.waiting).toBe(1);
    // Longer than the time that a fetch has.
    await new Promise((resolve) => setTimeout(resolve, 600));
    for (const response of slow) response.destroy();
    expect((await waiting).bytes).toHaveLength(MIB);
  });

  it('is given back by what fails, and by what is closed', async () => {
    const memory = createImageMemory(64 * MIB);
    const images = fetcher({ memory });
    const webp = await sharp(png).webp().toBuffer();
    const server = await serve((request, response) => {
      if (request.url === '/missing') response.writeHead(404).end();
      else if (request.url === '/page') answer(response, '<!doctype html>');
      else if (request.url === '/broken') answer(response, webp.subarray(0, 30));
      else if (request.url === '/breaks-off') {
        response.writeHead(200, { 'content-length': 10 * MIB }).write(png, () => response.destroy());
      }
    });
    for (const path of ['/missing', '/page', '/broken', '/breaks-off']) {
      await failure(images.fetch(server.url(path)));
      expect(memory.usedBytes, path).toBe(0);
    }
    const hanging = failure(images.fetch(server.url('/hangs')));
    await expect.poll(() => server.requests.at(-1)).toBe('/hangs');
    await images.close();
    expect(await hanging).toMatchObject({ code: 'UNREACHABLE' });
    expect(memory.usedBytes).toBe(0);
  });

  it('survives a connection that breaks while memory is waited for', async () => {
    const memory = createImageMemory(4 * MIB);
    const images = fetcher({ memory, maxBytes: MIB });
    const slow: ServerResponse[] = [];
    const server = await serve((request, response) => {
      response.writeHead(200, { 'content-length': MIB });
      response.write(png);
      if (request.url === '/slow') slow.push(response);
      else setTimeout(() => response.destroy(), 50);
    });
    for (let number = 0; number < 2; number += 1) begin(images.fetch(server.url('/slow')));
    await expect.poll(() => slow.length).toBe(2);
    const broken = failure(images.fetch(server.url('/breaks-off')));
    await expect.poll(() => memory.waiting).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    for (const response of slow) response.destroy();
    expect((await broken).forChat).toBe('was cut off while it was fetched');
  });

  it('grows by a bounded amount in the process itself, whatever two dozen servers send', async () => {
    const images = fetcher();
    const file = padded(14 * MIB);
    const server = await serve(async (_request, response) => {
      response.writeHead(200, { 'content-length': file.length });
      for (let offset = 0; offset < file.length && !response.destroyed; offset += MIB) {
        if (!response.write(file.subarray(offset, offset + MIB))) await once(response, 'drain');
      }
      response.end();
    });
    const before = process.memoryUsage.rss();
    let peak = 0;
    const sampler = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss() - before);
    }, 5);
    await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const image = await images.fetch(server.url('/'), { source: `s${index}` });
        expect(image.bytes).toHaveLength(file.length);
        image.release();
      }),
    );
    clearInterval(sampler);
    // They are 336 MiB together, and a server is in this process too.
    expect(peak).toBeLessThan(250 * MIB);
  });
});
