import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { cleanUps, failure, fetcher, png, serve } from './image-fetching.ts';
import { answer, startImagesServer } from './images-server.ts';

const MIB = 1024 * 1024;

describe('an image', () => {
  it('comes with its true type, its bytes and their digest', async () => {
    const server = await serve((_request, response) => answer(response, png, 'image/png'));
    const image = await fetcher().fetch(server.url('/a.png'));
    expect(image).toEqual({
      bytes: png,
      contentType: 'image/png',
      sha256: createHash('sha256').update(png).digest('hex'),
      converted: false,
      release: expect.any(Function),
    });
  });

  it('is what its bytes say, whatever the Content-Type says', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/html-called-png') answer(response, '<!doctype html>', 'image/png');
      else if (request.url === '/png-called-html') answer(response, png, 'text/html');
      else if (request.url === '/png-called-jpeg') answer(response, png, 'image/jpeg; charset=utf-8');
      else answer(response, png);
    });
    const images = fetcher();
    for (const path of ['/png-called-html', '/png-called-jpeg', '/png-without-type']) {
      expect((await images.fetch(server.url(path))).contentType).toBe('image/png');
    }
    expect(await failure(images.fetch(server.url('/html-called-png')))).toMatchObject({
      code: 'UNSUPPORTED_TYPE',
      forChat: 'was not recognised as a picture',
    });
  });

  it.each(['webp', 'avif', 'tiff'] as const)('is converted when it is %s', async (format) => {
    const file = await sharp(png).toFormat(format).toBuffer();
    const server = await serve((_request, response) => answer(response, file, `image/${format}`));
    const image = await fetcher().fetch(server.url('/a'));
    expect(image).toMatchObject({
      contentType: 'image/jpeg',
      converted: true,
      sha256: createHash('sha256').update(image.bytes).digest('hex'),
    });
    expect(await sharp(image.bytes).metadata()).toMatchObject({ format: 'jpeg', width: 8, height: 4 });
  });

  it('is followed through redirects, relative ones too, and asked for without compression', async () => {
    const accepted: unknown[] = [];
    const server = await serve((request, response) => {
      accepted.push(request.headers['accept-encoding']);
      const next = { '/1': '2', '/2': '/3?signature=x', '/3?signature=x': '/a.png' }[request.url ?? ''];
      if (next === undefined) answer(response, png);
      else response.writeHead(307, { location: next }).end('moved');
    });
    await fetcher().fetch(server.url('/1'));
    expect(server.requests).toEqual(['/1', '/2', '/3?signature=x', '/a.png']);
    expect(new Set(accepted)).toEqual(new Set(['identity']));
  });
});

describe('credentials', () => {
  it('go with the address that a message names, and nowhere that it leads to', async () => {
    const seen: unknown[] = [];
    const server = await serve((request, response) => {
      seen.push([request.url, request.headers.authorization]);
      if (request.url === '/a.png') answer(response, png);
      else response.writeHead(307, { location: '/a.png' }).end('moved');
    });
    const authorize = ({ hostname }: URL) => (hostname === '127.0.0.1' ? 'Basic c2VjcmV0' : undefined);
    await fetcher({ authorize }).fetch(server.url('/named'));
    expect(seen).toEqual([
      ['/named', 'Basic c2VjcmV0'],
      ['/a.png', undefined],
    ]);
  });
});

describe('size', () => {
  it('is refused on the Content-Length alone', async () => {
    const closed = Promise.withResolvers<number>();
    const server = await serve((_request, response) => {
      response.on('close', () => closed.resolve(response.socket?.bytesWritten ?? 0));
      response.writeHead(200, { 'content-length': 16 * MIB });
      response.flushHeaders();
    });
    expect(await failure(fetcher().fetch(server.url('/')))).toMatchObject({
      code: 'TOO_LARGE',
      forChat: 'is larger than 15 MiB',
    });
    await closed.promise;
  });

  it('is counted while a gigabyte streams in, with flat memory and an early end', async () => {
    const sent = Promise.withResolvers<number>();
    const server = await serve((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024, 0xff);
      let bytes = 0;
      response.on('close', () => sent.resolve(bytes));
      response.writeHead(200, { 'content-type': 'image/jpeg' });
      const pump = () => {
        while (!response.destroyed && bytes < 1024 * MIB) {
          bytes += chunk.length;
          if (!response.write(chunk)) return response.once('drain', pump);
        }
        return response.end();
      };
      pump();
    });
    let peak = 0;
    const before = process.memoryUsage.rss();
    const sampler = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss() - before);
    }, 5);
    const error = await failure(fetcher().fetch(server.url('/')));
    peak = Math.max(peak, process.memoryUsage.rss() - before);
    clearInterval(sampler);
    expect(error.code).toBe('TOO_LARGE');
    expect(peak).toBeLessThan(100 * MIB);
    // The cap, and what fits into the buffers of two sockets.
    expect(await sent.promise).toBeLessThan(64 * MIB);
  });

  it('up to the cap is fine', async () => {
    const file = Buffer.concat([png, Buffer.alloc(MIB - png.length)]);
    const server = await serve((request, response) =>
      answer(response, request.url === '/fits' ? file : Buffer.concat([file, Buffer.alloc(1)])),
    );
    const images = fetcher({ maxBytes: MIB });
    expect((await images.fetch(server.url('/fits'))).bytes).toHaveLength(MIB);
    expect(await failure(images.fetch(server.url('/over')))).toMatchObject({
      code: 'TOO_LARGE',
      forChat: 'is larger than 1 MiB',
    });
  });

  it('cannot be hidden in compression, which is refused', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(png);
    });
    expect(await failure(fetcher().fetch(server.url('/')))).toMatchObject({ code: 'UNSUPPORTED_TYPE' });
  });
});

describe('time', () => {
  it.each([
    ['never answers', () => undefined],
    ['sends headers only', (response: ServerResponse) => response.writeHead(200).flushHeaders()],
    [
      'sends a byte now and then',
      (response: ServerResponse) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(drip));
      },
    ],
  ])('is up when the server %s', async (_name, behave) => {
    const closed = Promise.withResolvers<void>();
    const server = await serve((_request, response) => {
      response.on('close', () => closed.resolve());
      behave(response);
    });
    expect(await failure(fetcher({ totalTimeoutMs: 200 }).fetch(server.url('/')))).toMatchObject({
      code: 'TIMEOUT',
      forChat: 'could not be fetched within 1 s',
    });
    await closed.promise;
  });

  it('is up when the look-up hangs', async () => {
    const images = fetcher({ totalTimeoutMs: 200, lookup: () => new Promise(() => undefined) });
    expect(await failure(images.fetch('http://media.test/'))).toMatchObject({ code: 'TIMEOUT' });
  });

  it('is one budget for all redirects', async () => {
    const server = await serve((_request, response) => {
      setTimeout(() => response.writeHead(302, { location: '/again' }).end(), 150);
    });
    const error = await failure(fetcher({ totalTimeoutMs: 400, maxRedirects: 100 }).fetch(server.url('/')));
    expect(error.code).toBe('TIMEOUT');
  });
});

describe('other failures', () => {
  it.each([401, 404, 410, 500, 204, 304])('tell the status %i', async (status) => {
    const server = await serve((_request, response) => response.writeHead(status).end());
    expect(await failure(fetcher().fetch(server.url('/')))).toMatchObject({
      code: 'HTTP_STATUS',
      status,
      forChat: `could not be fetched (HTTP ${status})`,
    });
  });

  it('do not wait for the end of an endless error page', async () => {
    const closed = Promise.withResolvers<void>();
    const server = await serve((_request, response) => {
      response.on('close', () => closed.resolve());
      response.writeHead(503).write('sorry');
    });
    expect(await failure(fetcher().fetch(server.url('/')))).toMatchObject({
      code: 'HTTP_STATUS',
      status: 503,
    });
    await closed.promise;
  });

  it('include a redirect loop, after three redirects', async () => {
    const server = await serve((_request, response) => response.writeHead(302, { location: '/' }).end());
    expect(await failure(fetcher().fetch(server.url('/')))).toMatchObject({ code: 'TOO_MANY_REDIRECTS' });
    expect(server.requests).toHaveLength(4);
  });

  it('include a refused connection and an unknown name, without saying where', async () => {
    const server = await startImagesServer(() => undefined);
    await server[Symbol.asyncDispose]();
    const refused = await failure(fetcher().fetch(server.url('/')));
    const unknown = await failure(
      fetcher({
        lookup: async () => {
          throw Object.assign(new Error('getaddrinfo ENOTFOUND nowhere.test'), { code: 'ENOTFOUND' });
        },
      }).fetch('http://nowhere.test/'),
    );
    expect(refused.message).toBe('no usable answer: ECONNREFUSED');
    expect(unknown.message).toBe('no usable answer: ENOTFOUND');
    for (const error of [refused, unknown]) {
      expect(error).toMatchObject({
        code: 'UNREACHABLE',
        forChat: 'could not be fetched (no usable answer)',
      });
    }
  });

  it('include something that is not HTTP', async () => {
    const server = createServer((socket) => socket.end('220 smtp.test ESMTP\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    cleanUps.push(async () => void server.close());
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await failure(fetcher().fetch(`http://127.0.0.1:${port}/`))).toMatchObject({
      code: 'UNREACHABLE',
    });
  });

  it.each([
    ['a Content-Length', { 'content-length': 1000 }],
    ['chunks', {}],
  ])('include a body that breaks off, announced by %s', async (_name, headers) => {
    const server = await serve((_request, response) => {
      response.writeHead(200, headers);
      response.write(png, () => response.destroy());
    });
    expect(await failure(fetcher().fetch(server.url('/')))).toMatchObject({
      code: 'BROKEN',
      forChat: 'was cut off while it was fetched',
    });
  });

  it('include being closed, during a call and before it', async () => {
    const asked = Promise.withResolvers<void>();
    const server = await serve(() => asked.resolve());
    const images = fetcher();
    const waiting = failure(images.fetch(server.url('/')));
    await asked.promise;
    await images.close();
    expect(await waiting).toMatchObject({ code: 'UNREACHABLE' });
    expect(await failure(images.fetch(server.url('/')))).toMatchObject({ code: 'UNREACHABLE' });
    expect(server.requests).toHaveLength(1);
  });
});
