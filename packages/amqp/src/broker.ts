import { setTimeout as delay } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { openBrowser } from './browser.ts';
import { openConnection } from './connection.ts';
import { startConsumer } from './consumer.ts';
import { PublishError } from './errors.ts';
import { makeFirstContact } from './first-contact.ts';
import { startListener } from './listener.ts';
import { createPublisher } from './publisher.ts';
import type { Broker, BrokerOptions, Consumer, OutgoingBytes, OutgoingMessage } from './types.ts';

const DEFAULT_MAX_IN_FLIGHT = 1_000;
const DEFAULT_CONFIRM_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;
const MIN_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;

/**
 * Connects to RabbitMQ, declares the topology and returns once messages can be published. A broker that is
 * not up yet is waited for; one that refuses us is an error.
 *
 * @throws BrokerConfigurationError on a wrong password, virtual host, permission or queue argument.
 */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  const { appId, logger, topology, url } = options;
  await makeFirstContact(url, topology, logger);

  const publishing = openConnection({ url, name: `${appId} publish`, logger });
  const consuming = openConnection({ url, name: `${appId} consume`, logger });
  const consumers: Consumer[] = [];
  const publisher = createPublisher({
    connection: publishing,
    topology,
    appId,
    logger,
    maxInFlight: options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
    confirmTimeoutMs: options.confirmTimeoutMs ?? DEFAULT_CONFIRM_TIMEOUT_MS,
  });
  await publisher.firstReady;

  function reasonNotReady(): string | undefined {
    if (!publisher.open || !publishing.connected) return 'not connected to the broker';
    if (publishing.blockedReason !== undefined) {
      return `the broker takes no messages: ${publishing.blockedReason}`;
    }
    if (consumers.some((consumer) => !consumer.active && !consumer.standby))
      return 'not consuming from the broker';
    return undefined;
  }

  async function publishUntilConfirmed(
    message: OutgoingMessage | OutgoingBytes,
    signal?: AbortSignal,
  ): Promise<void> {
    const withId = { ...message, messageId: message.messageId ?? uuidv7() };
    for (let attempt = 0; ; attempt += 1) {
      try {
        await publisher.publish(withId);
        return;
      } catch (error) {
        if (!(error instanceof PublishError) || !error.retryable) throw error;
        const ceilingMs = Math.min(MIN_RETRY_MS * 2 ** Math.min(attempt, 10), MAX_RETRY_MS);
        await delay(ceilingMs * (0.5 + Math.random() / 2), undefined, signal ? { signal } : {});
      }
    }
  }

  return {
    get ready() {
      return reasonNotReady() === undefined;
    },
    get reason() {
      return reasonNotReady();
    },
    async consume(consumerOptions) {
      const consumer = await startConsumer({
        ...consumerOptions,
        connection: consuming,
        topology,
        appId,
        logger,
      });
      consumers.push(consumer);
      return {
        get active() {
          return consumer.active;
        },
        get standby() {
          return consumer.standby;
        },
        renew: () => consumer.renew(),
        async stop() {
          const index = consumers.indexOf(consumer);
          if (index >= 0) consumers.splice(index, 1);
          await consumer.stop();
        },
      };
    },
    listen: (listenerOptions) =>
      startListener({ ...listenerOptions, connection: consuming, topology, appId, logger }),
    publish: (message) => publisher.publish(message),
    publishUntilConfirmed,
    browse: (queue) => openBrowser(consuming, queue),
    async close() {
      await publisher.close(CLOSE_TIMEOUT_MS);
      await Promise.allSettled([consuming.close(), publishing.close()]);
    },
  };
}
