import type { SecureContextOptions } from 'node:tls';

/** Where the broker is. */
export interface BrokerAddress {
  /** `amqp://user:password@host:port/vhost`, or `amqps:`. Never logged. */
  readonly url: string;
  /** Of further nodes of the same cluster: one that is gone is replaced by the next. */
  readonly otherUrls?: readonly string[];
  readonly tls?: BrokerTls | undefined;
}

/** For `amqps:`. Each is PEM. */
export interface BrokerTls {
  /** Who may have signed the broker's certificate. Default: the authorities that Node knows. */
  readonly ca?: string | undefined;
  /** By which we show who we are, where the broker asks; with its key. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** All nodes, from any one on: so that the connections of many services are spread over them. */
export function nodesOf({ otherUrls = [], url }: BrokerAddress): string[] {
  const urls = [url, ...otherUrls];
  const first = Math.floor(Math.random() * urls.length);
  return [...urls.slice(first), ...urls.slice(0, first)];
}

/** What the socket needs for TLS; nothing for what is not set. */
export function tlsOptions({ tls = {} }: BrokerAddress): SecureContextOptions {
  return Object.fromEntries(Object.entries(tls).filter(([, pem]) => pem !== undefined));
}
