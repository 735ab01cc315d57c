import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '@wbor/async';
import type { Topology } from '@wbor/contracts';
import { type ChannelModel, connect } from 'amqplib';
import { BrokerConfigurationError } from './errors.ts';
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
export async function verifyBroker(url: string, topology: Topology, logger: Logger): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    let connection: ChannelModel;
    try {
      connection = await connectOnce(url, 'preflight');
    } catch (error) {
      if (error instanceof BrokerConfigurationError) throw error;
      if (attempt % REPEAT_LOG_EVERY === 1) {
        logger.warn(
          { attempt, broker: describeBroker(url), error: errorMessage(error) },
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
 * Connects by plain amqplib.
 *
 * @param name as the broker's list of connections shows it.
 * @throws BrokerConfigurationError on a wrong password or virtual host, else what the network says.
 */
export async function connectOnce(url: string, name: string): Promise<ChannelModel> {
  try {
    const connection = await connect(url, {
      timeout: CONNECT_TIMEOUT_MS,
      clientProperties: { connection_name: name },
    });
    // A listener must be there: an 'error' event without one ends the process.
    connection.on('error', () => {});
    return connection;
  } catch (error) {
    throwIfFatal(error, url);
    throw error;
  }
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
  const { hostname, port, pathname } = parsed;
  return `${hostname}:${port || '5672'}${pathname}`;
}

function throwIfFatal(error: unknown, url: string): void {
  const message = errorMessage(error);
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
  if (isDeclared && /NOT[_-]FOUND/.test(message)) {
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
