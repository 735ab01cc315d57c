import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '@wbor/async';
import type { Topology } from '@wbor/contracts';
import { type ChannelModel, connect } from 'amqplib';
import { type BrokerAddress, nodesOf, tlsOptions } from './address.ts';
import { BrokerConfigurationError } from './errors.ts';
import { explainTlsFailure } from './tls-failure.ts';
import { declareTopology } from './topology.ts';
import type { Logger } from './types.ts';

/** Without it a half-open dial would block for minutes. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** Seconds. The broker drops a silent peer after two of these; lower risks false alarms. */
export const HEARTBEAT_SECONDS = 8;

const RETRY_DELAY_MS = 1_000;
const REPEAT_LOG_EVERY = 10;

/**
 * Connects once by plain amqplib and declares the topology, because the connection manager would retry a wrong
 * password or a mismatching queue for ever and log nothing of it. A broker that does not answer yet is waited for.
 *
 * @throws BrokerConfigurationError for what waiting cannot help.
 */
export async function verifyBroker(
  address: BrokerAddress,
  topology: Topology,
  logger: Logger,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    let connection: ChannelModel;
    try {
      connection = await connectOnce(address, 'preflight');
    } catch (error) {
      if (error instanceof BrokerConfigurationError) throw error;
      if (attempt % REPEAT_LOG_EVERY === 1) {
        logger.warn(
          { attempt, broker: describeNodes(address), error: errorMessage(error) },
          'waiting for the broker',
        );
      }
      await delay(RETRY_DELAY_MS);
      continue;
    }
    try {
      const channel = await connection.createChannel();
      channel.on('error', () => {});
      await declareTopology(channel, topology);
      return;
    } catch (error) {
      throwIfMismatch(error, topology);
      logger.warn({ attempt, error: errorMessage(error) }, 'the broker went away while queues were declared');
      await delay(RETRY_DELAY_MS);
    } finally {
      await connection.close().catch(() => {});
    }
  }
}

/**
 * Connects by plain amqplib to the first node that takes us.
 *
 * @param name as the broker's list of connections shows it.
 * @throws BrokerConfigurationError when none does, and one says that user, password, virtual host or certificate is wrong;
 *   else what the network said last.
 */
export async function connectOnce(address: BrokerAddress, name: string): Promise<ChannelModel> {
  let failure: unknown;
  for (const url of nodesOf(address)) {
    try {
      return await connectTo(url, { ...tlsOptions(address), clientProperties: { connection_name: name } });
    } catch (error) {
      if (!(failure instanceof BrokerConfigurationError)) failure = error;
    }
  }
  throw failure;
}

/** Which nodes of a cluster do not take us, and why; nothing of a single one. */
export async function findLostNodes(address: BrokerAddress): Promise<{ node: string; error: unknown }[]> {
  const { otherUrls = [], url } = address;
  if (otherUrls.length === 0) return [];
  const looks = [url, ...otherUrls].map(async (at) => {
    try {
      const connection = await connectOnce({ ...address, url: at, otherUrls: [] }, 'doctor');
      await connection.close().catch(() => {});
      return [];
    } catch (error) {
      return [{ node: describeBroker(at), error }];
    }
  });
  return (await Promise.all(looks)).flat();
}

async function connectTo(url: string, options: object): Promise<ChannelModel> {
  try {
    // With Nagle's algorithm the handshake would wait 40 ms for an acknowledgement.
    const connection = await connect(url, { timeout: CONNECT_TIMEOUT_MS, noDelay: true, ...options });
    // A listener must be there: an 'error' event without one ends the process.
    connection.on('error', () => {});
    return connection;
  } catch (error) {
    throwIfFatal(error, url);
    throw error;
  }
}

/** {@link describeBroker} of each node. */
export function describeNodes({ otherUrls = [], url }: BrokerAddress): string {
  return [url, ...otherUrls].map(describeBroker).join(', ');
}

/** `host:port/vhost`, for people; never the user or the password. */
export function describeBroker(url: string): string {
  const parsed = URL.parse(url);
  // The platform's own error repeats the address, password and all.
  if (parsed === null) {
    throw new BrokerConfigurationError(
      'BAD_URL',
      "the broker's address is not a URL; check RABBITMQ_URL, or RABBITMQ_HOST and its companions",
    );
  }
  const { hostname, port, pathname, protocol } = parsed;
  return `${hostname}:${port || (protocol === 'amqps:' ? '5671' : '5672')}${pathname}`;
}

function throwIfFatal(error: unknown, url: string): void {
  const message = errorMessage(error);
  const tlsFault = explainTlsFailure(error);
  if (tlsFault !== undefined) {
    throw new BrokerConfigurationError('TLS_REFUSED', `the broker at ${describeBroker(url)} ${tlsFault}`, {
      cause: error,
    });
  }
  if (message.includes('ACCESS_REFUSED') || message.includes('ACCESS-REFUSED')) {
    throw new BrokerConfigurationError(
      'ACCESS_REFUSED',
      `the broker at ${describeBroker(url)} refuses the user or the password; check RABBITMQ_URL, or RABBITMQ_USER and RABBITMQ_PASS`,
      { cause: error },
    );
  }
  // amqplib reports the broker's refusal of a virtual host as an unexpected frame.
  if (message.includes('ConnectionOpenOk') || message.includes('NOT_ALLOWED')) {
    throw new BrokerConfigurationError(
      'NO_VHOST',
      `the broker at ${describeBroker(url)} does not open this virtual host: it does not exist or the user may not use it; check RABBITMQ_VHOST, or the end of RABBITMQ_URL`,
      { cause: error },
    );
  }
}

function throwIfMismatch(error: unknown, { isDeclared }: Topology): void {
  const message = errorMessage(error);
  if (message.includes('PRECONDITION_FAILED') || message.includes('PRECONDITION-FAILED')) {
    throw new BrokerConfigurationError(
      'TOPOLOGY_MISMATCH',
      `a queue or the exchange exists with other arguments than this version needs (${brokerText(message)}); drain and delete it, or set another QUEUE_PREFIX`,
      { cause: error },
    );
  }
  if (message.includes('ACCESS_REFUSED') || message.includes('ACCESS-REFUSED')) {
    throw new BrokerConfigurationError(
      'ACCESS_REFUSED',
      `the broker does not let this user declare its queues (${brokerText(message)}); give it configure, write and read permission, or set RABBITMQ_DECLARE=false if they are there`,
      { cause: error },
    );
  }
  if (isDeclared && isMissing(message)) {
    throw new BrokerConfigurationError(
      'NOT_DECLARED',
      `RABBITMQ_DECLARE is false, and not all is declared on the broker (${brokerText(message)}); import what \`npm run rights\` writes`,
      { cause: error },
    );
  }
}

/** The broker's own words, out of amqplib's sentence around them. */
export function brokerText(message: string): string {
  return /with message "(.+)"/s.exec(message)?.[1] ?? message;
}

/** Of a cluster that is choosing a new leader the broker says that a queue was not found, too: in time. */
export function isMissing(message: string): boolean {
  return /NOT[_-]FOUND/.test(message) && !/due to timeout|is down or inaccessible/.test(message);
}
