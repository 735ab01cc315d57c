import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { waitFor } from './wait.ts';

export interface RecordedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
  /** The body parsed, or undefined when it is not JSON. */
  readonly json: unknown;
  /** When the whole request was there, as `Date.now()`. */
  readonly at: number;
}

export type RequestHandler = (request: RecordedRequest, response: ServerResponse) => void | Promise<void>;

/** Keys: `'GET /path'`, `'/path'` for any method, or `'*'`. The path is compared without the query. */
export type HandlerMap = Readonly<Record<string, RequestHandler>>;

export interface HttpRecorder {
  /** `http://127.0.0.1:port`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Every request, in the order in which they were complete. */
  readonly requests: readonly RecordedRequest[];
  /** Adds handlers, or replaces those of the same key. */
  handle(handlers: HandlerMap): void;
  /** Resolves with the first request that the predicate likes, past ones included. Default 15 000 ms. */
  waitForRequest(
    predicate: (request: RecordedRequest) => boolean,
    timeoutMs?: number,
  ): Promise<RecordedRequest>;
  /** Resolves with all requests once there are at least `count`. */
  waitForCount(count: number, timeoutMs?: number): Promise<readonly RecordedRequest[]>;
  /** Cuts what is still open. */
  dispose(): Promise<void>;
}

/** An HTTP server on loopback that answers as it is told (404 otherwise) and remembers what it was asked. */
export async function startHttpServer(handlers: HandlerMap = {}): Promise<HttpRecorder> {
  const requests: RecordedRequest[] = [];
  const table = new Map(Object.entries(handlers));

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    // Whoever asked may go away at any time: that is often the test.
    response.on('error', () => undefined);
    const request = await record(incoming);
    requests.push(request);
    const path = request.path.split('?')[0] ?? '';
    const handler = table.get(`${request.method} ${path}`) ?? table.get(path) ?? table.get('*');
    if (handler === undefined) response.writeHead(404).end();
    else await handler(request, response);
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    handle(more) {
      for (const [key, handler] of Object.entries(more)) table.set(key, handler);
    },
    waitForRequest: (predicate, timeoutMs = 15_000) =>
      waitFor(() => requests.find(predicate), { timeoutMs, what: 'the awaited HTTP request' }),
    waitForCount: (count, timeoutMs = 15_000) =>
      waitFor(() => requests.length >= count && requests, { timeoutMs, what: `${count} HTTP requests` }),
    async dispose() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Serves bytes, with their length. */
export function serveBytes(bytes: Buffer, contentType: string, status = 200): RequestHandler {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': contentType, 'content-length': bytes.length });
    response.end(bytes);
  };
}

export function serveJson(
  body: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): RequestHandler {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

export function serveRedirect(location: string, status = 302): RequestHandler {
  return (_request, response) => {
    response.writeHead(status, { location }).end();
  };
}

/** Sends the head at once, then one byte every `intervalMs`. */
export function serveSlowly(bytes: Buffer, contentType: string, intervalMs: number): RequestHandler {
  return async (_request, response) => {
    response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length });
    response.flushHeaders();
    for (const byte of bytes) {
      if (response.destroyed) return;
      response.write(Buffer.of(byte));
      await pause(intervalMs);
    }
    response.end();
  };
}

/** Repeats `chunk` until the other side has had enough. */
export function serveEndlessly(chunk: Buffer, contentType: string): RequestHandler {
  return async (_request, response) => {
    response.writeHead(200, { 'content-type': contentType });
    const gone = once(response, 'close');
    while (!response.destroyed) {
      if (!response.write(chunk)) await Promise.race([once(response, 'drain'), gone]);
      // Lets the end of the connection be noticed even by a reader that is as fast as we are.
      await pause(0);
    }
  };
}

/** Takes the request and never answers. */
export const serveNothing: RequestHandler = () => undefined;

async function record(incoming: IncomingMessage): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    body,
    json: parseJson(body),
    at: Date.now(),
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
