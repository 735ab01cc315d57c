import { type Broker, connectBroker, startParkedWatch, startQueueWatch } from '@wbor/amqp';
import { endsWithin } from '@wbor/async';
import {
  auditEventsQueue,
  declaredQueues,
  deriveTopology,
  moderatorQueues,
  queueName,
  relayParkedQueue,
  relayStandardQueue,
} from '@wbor/contracts';
import { createGroupMeClient, type GroupMeClient } from '@wbor/groupme';
import { createSenderNormaliser } from '@wbor/phone';
import {
  brokerAddress,
  brokerNamespace,
  observeParked,
  observeQueues,
  type ServiceContext,
} from '@wbor/service';
import type { RelayConfig } from './config.ts';
import { readDeadLetter } from './dead-letter.ts';
import { startDelivery } from './delivery/start-delivery.ts';
import { sourceBindings } from './intake/sources/index.ts';
import { startIntake } from './intake/start-intake.ts';
import { createRelayMetrics } from './metrics.ts';
import { startBans } from './moderation/bans.ts';
import { createAuditEvents } from './notify/audit-events.ts';
import { createNotPosted } from './notify/not-posted.ts';
import { createParkedNotice } from './notify/parked-notice.ts';
import { createProducerNotifier } from './notify/producer.ts';
import { createProgressTeller } from './notify/progress.ts';
import { createOutbox } from './outbox.ts';
import { createParker, type Parker } from './park.ts';
import type { RelayParts } from './relay-parts.ts';

/** For audit events and notifications under way, once intake and delivery have stopped. */
const DRAIN_TIMEOUT_MS = 2_000;
const CLIENT_CLOSE_TIMEOUT_MS = 200;

const DECLARED_QUEUES = declaredQueues.relay.map((queue) =>
  queue.name === relayStandardQueue.name
    ? { ...queue, bindings: [...queue.bindings, ...sourceBindings] }
    : queue,
);

/** Wires the two stages and starts them: delivery first, so that nothing waits for it. */
export async function startRelay(config: RelayConfig, context: ServiceContext): Promise<void> {
  const { health, logger, onStop } = context;
  const namespace = brokerNamespace(config);
  const botId = config.GROUPME_BOT_ID.reveal();
  const metrics = createRelayMetrics(context.registry);

  const broker = await connectBroker({
    ...brokerAddress(config),
    appId: 'relay',
    topology: deriveTopology(DECLARED_QUEUES, namespace),
    maxMessageBytes: config.MAX_MESSAGE_BYTES,
    logger,
  });
  onStop('broker', () => broker.close());
  health.addCheck('broker', () => broker.reason);
  const groupme = openGroupMe(config, botId, context);

  const audit = createAuditEvents(broker, logger);
  const producer = createProducerNotifier({
    broker,
    ackUrl: config.ACK_URL,
    isOwnQueue: (name) =>
      [...DECLARED_QUEUES, ...moderatorQueues].some((queue) => queueName(queue, namespace) === name),
    logger,
  });
  onStop('audit events and notifications of producers', async () => {
    await Promise.all([audit.drain(DRAIN_TIMEOUT_MS), producer.drain(DRAIN_TIMEOUT_MS)]);
  });
  const notPosted = createNotPosted({ botId, audit, producer, metrics, logger });
  const outbox = createOutbox({ broker, namespace, urgentSources: config.URGENT_SOURCES, logger });
  const progress = createProgressTeller(broker, config.PROGRESS_EVENTS);
  const parker = wireParking({ config, broker, namespace, outbox, metrics, progress }, context);
  const bans = await startBanReplica(config, broker, metrics, context);
  const parts: RelayParts = {
    config,
    namespace,
    botId,
    broker,
    groupme,
    audit,
    producer,
    progress,
    notPosted,
    bans,
    metrics,
    outbox,
    parker,
  };
  const delivery = await startDelivery(parts, context);
  onStop('delivery', delivery.stop);
  bindNotifications(parts, context);
  watchQueues(parts, context);
  const intake = await startIntake(parts, context);
  // Both stages at once: each needs seconds at most, and orchestrators are not patient.
  onStop('intake and delivery', async () => {
    await Promise.all([delivery.stop(), intake.stop()]);
  });
}

/** Whether somebody takes what we publish: another relay may deliver what we plan. */
function watchQueues(
  { broker, namespace, outbox }: Pick<RelayParts, 'broker' | 'namespace' | 'outbox'>,
  context: ServiceContext,
): void {
  const queues = [
    { queue: outbox.queues.urgent, consumer: 'relay' },
    { queue: outbox.queues.normal, consumer: 'relay' },
    { queue: queueName(auditEventsQueue, namespace), consumer: 'audit-logger' },
  ];
  const watch = startQueueWatch({ broker, queues }, context);
  observeQueues(context.registry, () => watch.sights);
}

/** Alerts of programs that publish on an exchange of their own. */
function bindNotifications(
  { broker, config, namespace }: Pick<RelayParts, 'broker' | 'config' | 'namespace'>,
  { health, onStop }: ServiceContext,
): void {
  const queue = queueName(relayStandardQueue, namespace);
  const patterns = config.NOTIFICATION_KEYS;
  for (const exchange of config.NOTIFICATIONS_EXCHANGE) {
    const bindings = broker.bindToForeign({ queue, exchange, patterns });
    onStop(`bindings to ${exchange}`, () => bindings.stop());
    health.addNotice(`notifications on ${exchange}`, () => bindings.notice);
  }
}

/** What is parked is counted, watched, and told of in the chat. */
function wireParking(
  {
    broker,
    config,
    metrics,
    namespace,
    outbox,
    progress,
  }: Pick<RelayParts, 'broker' | 'config' | 'metrics' | 'namespace' | 'outbox' | 'progress'>,
  service: ServiceContext,
): Parker {
  const { logger, onStop } = service;
  const parkedQueue = queueName(relayParkedQueue, namespace);
  const notice = config.PARKED_NOTICE
    ? createParkedNotice({ outbox, consoleUrl: config.CONSOLE_URL, logger })
    : undefined;
  onStop('notices of parked messages', () => notice?.drain(DRAIN_TIMEOUT_MS));
  const watch = startParkedWatch(
    {
      broker,
      queue: parkedQueue,
      howToLook: 'parked list',
      onMore(message) {
        const dead = readDeadLetter(message);
        if (dead !== undefined) notice?.say(dead);
      },
    },
    service,
  );
  observeParked(service.registry, watch, ['relay_parked_messages', 'relay_parked_oldest_age_seconds']);
  return createParker({
    broker,
    parkedQueue,
    onParked({ isNotice = false, reason, source, wborMessageId }) {
      metrics.parked.inc({ reason });
      watch.parked();
      if (wborMessageId !== undefined)
        progress.parked({ reason, source: source ?? 'unknown', wborMessageId });
      if (!isNotice) notice?.say({ source, reason, parkedAtMs: Date.now() });
    },
  });
}

function openGroupMe(config: RelayConfig, botId: string, { logger, onStop }: ServiceContext): GroupMeClient {
  if (!config.GROUPME_ACCESS_TOKEN) {
    logger.warn({}, 'no GROUPME_ACCESS_TOKEN is set: pictures will be named in the chat, not shown');
  }
  const groupme = createGroupMeClient({
    apiUrl: config.GROUPME_API_URL,
    imageUrl: config.GROUPME_IMAGE_URL,
    botId,
    accessToken: config.GROUPME_ACCESS_TOKEN?.reveal(),
    userAgent: 'wbor-groupme/relay',
  });
  // A call that hangs is not waited for: what it posts is reconciled when the message is delivered again.
  onStop('GroupMe client', async () => {
    await endsWithin(groupme.close(), CLIENT_CLOSE_TIMEOUT_MS);
  });
  return groupme;
}

async function startBanReplica(
  config: RelayConfig,
  broker: Broker,
  metrics: ReturnType<typeof createRelayMetrics>,
  { health, logger, onStop }: ServiceContext,
) {
  const staleAfterMs = config.BANS_STALE_SECONDS * 1000;
  const normaliseSender = createSenderNormaliser(config.STATION_COUNTRY);
  const bans = await startBans({ broker, staleAfterMs, normaliseSender, metrics, logger });
  onStop('bans', () => bans.stop());
  health.addNotice('bans', () => bans.notice);
  return bans;
}
