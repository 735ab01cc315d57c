import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '@wbor/async';
import { AmqpConnectionManagerClass } from 'amqp-connection-manager';
import { type BrokerAddress, nodesOf, tlsOptions } from './address.ts';
import { CONNECT_TIMEOUT_MS, describeBroker, HEARTBEAT_SECONDS } from './preflight.ts';
import type { Logger } from './types.ts';

/** One connection that comes back by itself, and its state. */
export interface Connection {
  readonly manager: AmqpConnectionManagerClass;
  readonly connected: boolean;
  /** Why the broker has blocked us (a memory or disk alarm), if it has. */
  readonly blockedReason: string | undefined;
  close(): Promise<void>;
}

const RECONNECT_SECONDS = 1;
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Opens a connection that is kept up for ever. Publishing and consuming use one each, so that a failed publish of a reply or of
 * an audit event does not give back what is in hand. What only the holder of a message may publish goes over its own.
 */
export function openConnection(
  options: BrokerAddress & { readonly name: string; readonly logger: Logger },
): Connection {
  const { logger, name } = options;
  const urls = nodesOf(options);
  let broker = describeBroker(options.url);
  let blockedReason: string | undefined;
  let lost = false;
  let failures = 0;

  const manager = new AmqpConnectionManagerClass(urls, {
    heartbeatIntervalInSeconds: HEARTBEAT_SECONDS,
    reconnectTimeInSeconds: RECONNECT_SECONDS,
    connectionOptions: {
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: name },
      // A message is three small writes. Nagle's algorithm would hold the last one back for tens of milliseconds.
      noDelay: true,
      ...tlsOptions(options),
    },
  });
  manager.on('connect', ({ url }) => {
    broker = describeBroker(String(url));
    if (lost) logger.info({ connection: name, broker }, 'connected to the broker again');
    lost = false;
    failures = 0;
  });
  manager.on('disconnect', ({ err }) => {
    blockedReason = undefined;
    if (!lost)
      logger.warn({ connection: name, broker, error: errorMessage(err) }, 'lost the broker, reconnecting');
    lost = true;
  });
  manager.on('connectFailed', ({ err, url }) => {
    failures += 1;
    // Once a second is too much for a log: the first of each node, then each half minute.
    if (failures <= urls.length || failures % 30 === 1) {
      logger.warn(
        {
          connection: name,
          broker: describeBroker(String(url)),
          attempt: failures,
          error: errorMessage(err),
        },
        'cannot reach the broker',
      );
    }
  });
  manager.on('blocked', ({ reason }) => {
    blockedReason = reason;
    logger.error({ connection: name, broker, reason }, 'broker has blocked publishing (resource alarm)');
  });
  manager.on('unblocked', () => {
    blockedReason = undefined;
    logger.info({ connection: name, broker }, 'broker has unblocked publishing');
  });
  // Rejects when the first try fails, and goes on trying all the same: the events above report it.
  manager.connect().catch(() => {});

  return {
    manager,
    get connected() {
      return manager.isConnected();
    },
    get blockedReason() {
      return blockedReason;
    },
    // While it is reconnecting, the manager's own promise stays pending.
    close: () => Promise.race([manager.close(), delay(CLOSE_TIMEOUT_MS, undefined, { ref: false })]),
  };
}
