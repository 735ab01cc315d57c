import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Forwarding, forward } from './forward.ts';

/** A piece of network that can break. */
export interface TcpProxy {
  readonly port: number;
  /** The same URL, leading through the proxy. */
  url(forUrl: string): string;
  /** Destroys every connection and refuses new ones, as a server that is gone does. */
  cut(): Promise<void>;
  /** Forwards nothing more, either way, and keeps connections open, as a dead network does. New ones are taken, too. */
  stall(): void;
  /** Undoes `cut` and `stall`: what was held back is forwarded. */
  heal(): Promise<void>;
  dispose(): Promise<void>;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'amqp:': 5672,
  'amqps:': 5671,
  'postgres:': 5432,
  'postgresql:': 5432,
  'http:': 80,
  'https:': 443,
};

/** A proxy on loopback for connections to `target`: a URL, or a host and a port. */
export async function startTcpProxy(options: {
  readonly target: string | { readonly host: string; readonly port: number };
  /** Of these connections, counted from 1, nothing is forwarded before `heal`. */
  readonly holdBack?: readonly number[];
}): Promise<TcpProxy> {
  const target = typeof options.target === 'string' ? addressOf(options.target) : options.target;
  const open = new Set<Forwarding>();
  let stalled = false;
  let server: Server | undefined;
  let port = 0;
  let accepted = 0;

  function accept(client: Socket): void {
    const upstream = connect(target.port, target.host);
    accepted += 1;
    const forwarding = forward(client, upstream, () => open.delete(forwarding));
    open.add(forwarding);
    if (stalled || options.holdBack?.includes(accepted) === true) forwarding.pause();
  }

  async function listen(): Promise<void> {
    if (server !== undefined) return;
    server = createServer({ allowHalfOpen: true }, accept);
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }

  async function cut(): Promise<void> {
    const closing = server;
    server = undefined;
    const closed = closing === undefined ? undefined : once(closing, 'close');
    closing?.close();
    for (const forwarding of open) forwarding.destroy();
    await closed;
  }

  await listen();
  return {
    port,
    url(forUrl) {
      const url = new URL(forUrl);
      url.hostname = '127.0.0.1';
      url.port = String(port);
      return url.href;
    },
    cut,
    stall() {
      stalled = true;
      for (const forwarding of open) forwarding.pause();
    },
    async heal() {
      stalled = false;
      for (const forwarding of open) forwarding.resume();
      await listen();
    },
    dispose: cut,
  };
}

function addressOf(target: string): { host: string; port: number } {
  const url = new URL(target);
  const port = url.port === '' ? (DEFAULT_PORTS[url.protocol] ?? 0) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port };
}
