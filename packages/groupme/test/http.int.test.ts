import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttp, type Http } from '../src/http.ts';

const LONG_MS = 10_000;
const SHORT_MS = 200;

const releases: (() => Promise<unknown> | undefined)[] = [];

afterEach(async () => {
  // Last in, first out: servers let go of their connections before the client waits for its requests.
  for (const release of releases.splice(0).reverse()) await release();
});

function connect(connectTimeoutMs = LONG_MS): Http {
  const http = createHttp({
    userAgent: 'test',
    connectTimeoutMs,
    responseTimeoutMs: LONG_MS,
    redact: (text) => text,
  });
  releases.push(() => http.close());
  return http;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `127.0.0.1:${address.port}`;
}

describe('a request that waits for a connection', () => {
  it('is given up in time as certainly not sent, and is not sent later', async () => {
    const http = connect();
    const paths: (string | undefined)[] = [];
    const open: ServerResponse[] = [];
    const allBusy = Promise.withResolvers<void>();
    const server = createServer((request, response) => {
      paths.push(request.url);
      if (request.url !== '/busy') response.end();
      else if (open.push(response) === 8) allBusy.resolve();
    });
    const host = await listen(server);
    releases.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const get = (path: string, timeoutMs: number) =>
      http.send({ method: 'GET', url: new URL(`http://${host}${path}`), timeoutMs });

    const busy = Array.from({ length: 8 }, () => get('/busy', LONG_MS));
    await allBusy.promise;
    await expect(get('/given-up', SHORT_MS)).rejects.toMatchObject({
      code: 'GROUPME_UNREACHABLE',
      cause: { code: 'RESPONSE_TIMEOUT' },
    });
    for (const response of open) response.end();
    await Promise.all(busy);
    expect(await get('/after', LONG_MS)).toMatchObject({ status: 200 });
    expect(paths.filter((path) => path !== '/busy')).toEqual(['/after']);
  });
});

describe('a connection whose handshake hangs', () => {
  async function listenSilently(): Promise<URL> {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      releases.push(async () => socket.destroy());
    });
    const host = await listen(server);
    releases.push(async () => server.close());
    return new URL(`https://${host}/`);
  }

  it.each([
    ['the limit of connecting', SHORT_MS, LONG_MS, 'UND_ERR_CONNECT_TIMEOUT'],
    ['the limit of the whole call', LONG_MS, SHORT_MS, 'RESPONSE_TIMEOUT'],
  ])('ends at %s, as certainly not sent', async (_name, connectTimeoutMs, timeoutMs, code) => {
    const http = connect(connectTimeoutMs);
    const url = await listenSilently();
    await expect(http.send({ method: 'POST', url, body: '{}', timeoutMs })).rejects.toMatchObject({
      code: 'GROUPME_UNREACHABLE',
      status: 0,
      cause: { code },
    });
  });
});
