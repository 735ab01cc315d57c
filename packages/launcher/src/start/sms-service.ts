import { listenerPhoto, serveBytes, startHttpServer } from '@wbor/testkit';

/** Stands in for the station's SMS service: keeps the listener's picture and waits for acknowledgements. */
export interface SmsService {
  readonly pictureUrl: string;
  /** For `ACK_URL`. */
  readonly ackUrl: string;
  /** Whether the relay said that this message is in the chat. */
  isAcknowledged(messageId: string): boolean;
  stop(): Promise<void>;
}

/** Listens on any free port of the loopback address. */
export async function startSmsService(): Promise<SmsService> {
  const acknowledged = new Set<string>();
  const server = await startHttpServer({
    'GET /media/listener-photo': serveBytes(listenerPhoto(), 'image/jpeg'),
    'POST /acknowledge': ({ json }, response) => {
      acknowledged.add((json as { wbor_message_id: string }).wbor_message_id);
      response.end();
    },
  });
  return {
    pictureUrl: `${server.url}/media/listener-photo`,
    ackUrl: `${server.url}/acknowledge`,
    isAcknowledged: (messageId) => acknowledged.has(messageId),
    stop: () => server.dispose(),
  };
}
