import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A web server on loopback that counts who calls. */
export interface ImagesServer extends AsyncDisposable {
  readonly port: number;
  /** Paths asked for, in order. */
  readonly requests: string[];
  /** How many TCP connections were opened. */
  readonly connections: () => number;
  url(path: string): string;
}

export async function startImagesServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<ImagesServer> {
  const requests: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    response.on('error', () => undefined);
    handle(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    connections: () => connections,
    url: (path) => `http://127.0.0.1:${port}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with these bytes, under this Content-Type if any. */
export function answer(response: ServerResponse, bytes: Buffer | string, contentType?: string): void {
  response.writeHead(200, contentType === undefined ? {} : { 'content-type': contentType });
  response.end(bytes);
}
