import { v7 as uuidv7 } from 'uuid';
import type { Broker } from './broker-types.ts';
import { openBrowser } from './browser.ts';
import { openConnection } from './connection.ts';
import { startConsumer } from './consumer.ts';
import { startForeignBindings } from './foreign-bindings.ts';
import { inspectQueues } from './inspect-queues.ts';
import { startListener } from './listener.ts';
import { type OutgoingBytes, type OutgoingMessage, outgoingBytes, outgoingMessage } from './outgoing.ts';
import { parkDelivery } from './parking.ts';
import { verifyBroker } from './preflight.ts';
import { createPublisher } from './publisher.ts';
import { createReplier } from './replier.ts';
import { openReplyQueue } from './reply-queue.ts';
import type { BrokerOptions, Consumer } from './types.ts';
import { untilConfirmed } from './until-confirmed.ts';

const DEFAULT_MAX_IN_FLIGHT = 1_000;
const DEFAULT_CONFIRM_TIMEOUT_MS = 10_000;
const DEFAULT_PROBE_EVERY_MS = 4_000;
const DEFAULT_MAX_MESSAGE_BYTES = 1_000_000;
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Connects to RabbitMQ, declares the topology and returns once messages can be published. A broker that is
 * not up yet is waited for; one that refuses us is an error.
 *
 * @throws BrokerConfigurationError on a wrong password, virtual host, permission or queue argument.
 */
export async function connectBroker(options: BrokerOptions): Promise<Broker> {
  const { appId, logger, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, topology } = options;
  await verifyBroker(options, topology, logger);

  const publishing = openConnection({ ...options, name: `${appId} publish` });
  const consuming = openConnection({ ...options, name: `${appId} consume` });
  const consumers: Consumer[] = [];
  // An alarm is the broker's: whichever connection hears of it.
  const blockedReason = () => publishing.blockedReason ?? consuming.blockedReason;
  const publishOptions = {
    topology,
    appId,
    logger,
    maxInFlight: options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT,
    confirmTimeoutMs: options.confirmTimeoutMs ?? DEFAULT_CONFIRM_TIMEOUT_MS,
  };
  const publisher = createPublisher({
    connection: publishing,
    ...publishOptions,
    blockedReason,
    probeEveryMs: options.probeEveryMs ?? DEFAULT_PROBE_EVERY_MS,
  });
  const replier = createReplier({ ...options, ...publishOptions });
  await publisher.firstReady;

  function reasonNotToPublish(): string | undefined {
    if (!publisher.open || !publishing.connected) return 'not connected to the broker';
    const blocked = blockedReason();
    return blocked === undefined ? undefined : `broker has blocked publishing (resource alarm): ${blocked}`;
  }

  function reasonNotReady(): string | undefined {
    const disconnected = reasonNotToPublish();
    if (disconnected !== undefined) return disconnected;
    if (consumers.some((consumer) => !consumer.active && !consumer.standby))
      return 'not consuming from the broker';
    return [publisher, ...consumers].map(({ failing }) => failing).find((failing) => failing !== undefined);
  }

  async function confirmed(message: OutgoingMessage | OutgoingBytes, signal?: AbortSignal): Promise<void> {
    const withId = { ...message, messageId: message.messageId ?? uuidv7() };
    await untilConfirmed(() => publisher.publish(withId), signal);
  }

  const broker: Broker = {
    get canPublish() {
      return reasonNotToPublish() === undefined;
    },
    get ready() {
      return reasonNotReady() === undefined;
    },
    get reason() {
      return reasonNotReady();
    },
    async consume(consumerOptions) {
      const consumer = await startConsumer({
        ...consumerOptions,
        ...publishOptions,
        blockedReason,
        connection: consuming,
        maxMessageBytes,
        park: (delivery, parking) => parkDelivery(broker, delivery, parking),
      });
      consumers.push(consumer);
      return {
        get active() {
          return consumer.active;
        },
        get standby() {
          return consumer.standby;
        },
        get failing() {
          return consumer.failing;
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
      startListener({ ...listenerOptions, connection: consuming, topology, appId, logger, maxMessageBytes }),
    openReplyQueue: (replyOptions) =>
      openReplyQueue({ ...replyOptions, connection: consuming, topology, appId, logger, maxMessageBytes }),
    bindToForeign: (bindingOptions) =>
      startForeignBindings({ ...bindingOptions, connection: consuming, logger }),
    publish: (definition, body, published = {}) =>
      publisher.publish(outgoingMessage(topology, definition, body, published)),
    publishUntilConfirmed: (definition, body, published = {}, signal) =>
      confirmed(outgoingMessage(topology, definition, body, published), signal),
    sendBytes: (queue, bytes, sent = {}) => publisher.publish(outgoingBytes(topology, queue, bytes, sent)),
    sendBytesUntilConfirmed: (queue, bytes, sent = {}, signal) =>
      confirmed(outgoingBytes(topology, queue, bytes, sent), signal),
    replyUntilConfirmed: (replyTo, reply, replied = {}, signal) =>
      replier.reply(replyTo, reply, replied, signal),
    inspectQueues: (queues) => inspectQueues(consuming, queues),
    browse: (queue, browsed) => openBrowser(consuming, queue, topology.own?.name ?? '', browsed),
    async close() {
      await Promise.all([publisher.close(CLOSE_TIMEOUT_MS), replier.close(CLOSE_TIMEOUT_MS)]);
      await Promise.allSettled([consuming.close(), publishing.close()]);
    },
  };
  return broker;
}
