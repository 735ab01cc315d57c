import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands in for the station's SMS service: keeps the listener's picture and waits for acknowledgements. */
export interface SmsService {
  readonly pictureUrl: string;
  /** For `ACK_URL`. */
  readonly ackUrl: string;
  /** Ids of the messages that the relay said are in the chat. */
  readonly acknowledged: readonly string[];
  stop(): Promise<void>;
}

/** Listens on any free port of the loopback address. */
export async function startSmsService(): Promise<SmsService> {
  const picture = readFileSync(new URL('../../assets/listener-photo.jpg', import.meta.url));
  const acknowledged: string[] = [];
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/media/listener-photo') {
      response.writeHead(200, { 'content-type': 'image/jpeg' }).end(picture);
      return;
    }
    if (request.method !== 'POST' || request.url !== '/acknowledge') {
      response.writeHead(404).end();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { wbor_message_id: string };
      acknowledged.push(body.wbor_message_id);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    pictureUrl: `${origin}/media/listener-photo`,
    ackUrl: `${origin}/acknowledge`,
    acknowledged,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
