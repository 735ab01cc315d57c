import { setTimeout as delay } from 'node:timers/promises';
import { type Consumer, connectBroker } from '@wbor/amqp';
import {
  auditQueues,
  deriveTopology,
  echoEvent,
  moderatorQueues,
  queueName,
  RELAY_DELIVERY_LOCK,
  relayJournalQueue,
  relayParkedQueue,
  relayQueues,
  relayStandardQueue,
  relayTwilioQueue,
} from '@wbor/contracts';
import { createGroupMeClient } from '@wbor/groupme';
import { brokerUrl, type ServiceContext } from '@wbor/service';
import { maxRatePerSecond, type RelayConfig } from './config.ts';
import { createDeliverer } from './delivery/deliverer.ts';
import { createHalfPosted } from './delivery/half-posted.ts';
import { createPacer } from './delivery/pacer.ts';
import { createPartPoster } from './delivery/part-poster.ts';
import { startDisplayWatch } from './delivery/reconcile/display-watch.ts';
import { createEvidenceSource } from './delivery/reconcile/evidence.ts';
import { createJournal, parseEcho } from './delivery/reconcile/journal.ts';
import { createLedger } from './delivery/reconcile/ledger.ts';
import { createTakeOver } from './delivery/reconcile/take-over.ts';
import { createTrouble } from './delivery/trouble.ts';
import { createTurns } from './delivery/turns.ts';
import { createImageFetcher } from './intake/images/fetch-image.ts';
import { createIntake } from './intake/intake.ts';
import { createPreparer } from './intake/prepare.ts';
import { createRelayMetrics } from './metrics.ts';
import { startBans } from './moderation/bans.ts';
import { createAuditEvents } from './notify/audit-events.ts';
import { createNotPosted } from './notify/not-posted.ts';
import { createProducerNotifier } from './notify/producer.ts';
import { createOutbox } from './outbox.ts';
import { createParker } from './park.ts';

/**
 * Messages that are prepared at once: many, or those of one source that wait for slow pictures would keep all others
 * out; not any number, since a flood of huge ones must fit into memory.
 */
const INTAKE_PREFETCH = 100;

/** For audit events and acknowledgements under way, once intake and delivery have stopped. */
const DRAIN_TIMEOUT_MS = 2_000;

/** How long an unreadable group may hold up a doubtful post, as a share of a hold: a minute of ten. */
const READ_BACK_SHARE = 0.1;

const CLIENT_CLOSE_TIMEOUT_MS = 200;

/** Wires the two stages and starts them: delivery first, so that nothing waits for it. */
export async function startRelay(config: RelayConfig, context: ServiceContext): Promise<void> {
  const { health, logger, onStop, registry } = context;
  const namespace = { exchange: config.RABBITMQ_EXCHANGE, queuePrefix: config.QUEUE_PREFIX };
  // The audit's queue is declared here too: with it, no event is lost if the audit-logger comes up later.
  const queues = [...relayQueues, ...auditQueues];
  const topology = deriveTopology(queues, namespace);
  const botId = config.GROUPME_BOT_ID.reveal();
  const metrics = createRelayMetrics(registry);

  const broker = await connectBroker({ url: brokerUrl(config), appId: 'relay', topology, logger });
  onStop('broker', () => broker.close());
  health.addCheck('broker', () => broker.reason);

  const groupme = createGroupMeClient({
    apiUrl: config.GROUPME_API_URL,
    imageUrl: config.GROUPME_IMAGE_URL,
    botId,
    accessToken: config.GROUPME_ACCESS_TOKEN?.reveal(),
    userAgent: 'wbor-groupme/relay',
  });
  // A call that hangs is not waited for: what it posts is settled when the message is delivered again.
  onStop('GroupMe client', () => Promise.race([groupme.close(), delay(CLIENT_CLOSE_TIMEOUT_MS)]));
  const fetcher = createImageFetcher({ allowHosts: config.IMAGE_ALLOW_HOSTS });
  onStop('image fetcher', () => fetcher.close());

  const audit = createAuditEvents(broker, logger);
  const producer = createProducerNotifier({
    broker,
    ackUrl: config.ACK_URL,
    isOwnQueue: (name) =>
      [...queues, ...moderatorQueues].some((queue) => queueName(queue, namespace) === name),
    logger,
  });
  onStop('audit events and notifications of producers', async () => {
    await Promise.all([audit.drain(DRAIN_TIMEOUT_MS), producer.drain(DRAIN_TIMEOUT_MS)]);
  });
  const parker = createParker({
    broker,
    parkedQueue: queueName(relayParkedQueue, namespace),
    onParked: (reason) => metrics.parked.inc({ reason }),
  });

  const bans = await startBans({
    broker,
    staleAfterMs: config.BANS_STALE_SECONDS * 1000,
    metrics,
    logger,
  });
  onStop('bans', () => bans.stop());
  health.addNotice('bans', () => bans.notice);
  const notPosted = createNotPosted({ botId, audit, producer, metrics, logger });
  const outbox = createOutbox({ broker, namespace, urgentSources: config.URGENT_SOURCES, logger });

  const trouble = createTrouble();
  health.addCheck('groupme', () => trouble.reason);
  const ledger = createLedger();
  const journal = createJournal({
    broker,
    queue: queueName(relayJournalQueue, namespace),
    ledger,
    echo: config.EVIDENCE_ECHO,
    logger,
  });
  if (config.EVIDENCE_ECHO) {
    const listener = await broker.listen({
      pattern: echoEvent.key,
      onMessage(content) {
        const post = parseEcho(content);
        if (post) ledger.saw(post, 'echo');
      },
    });
    onStop('echoes', () => listener.stop());
  }
  const readBack = config.EVIDENCE_READ_BACK && config.GROUPME_ACCESS_TOKEN !== undefined;
  const pacer = createPacer({
    ratePerSecond: config.GROUPME_RATE_PER_SECOND,
    maxRatePerSecond: maxRatePerSecond(config),
  });
  metrics.watchPace(() => pacer.ratePerSecond);
  const displayWatch = startDisplayWatch({
    ledger,
    botId,
    timeoutMs: config.DISPLAY_TIMEOUT_SECONDS * 1000,
    audit,
    metrics,
    logger,
  });
  onStop('display watch', () => displayWatch.stop());
  const poster = createPartPoster({
    groupme,
    botId,
    pacer,
    trouble,
    ledger,
    journal,
    evidence: createEvidenceSource({
      ledger,
      groupme,
      echo: config.EVIDENCE_ECHO,
      groupId: readBack ? config.GROUPME_GROUP_ID : undefined,
      logger,
      giveUpMs: config.HOLD_RENEW_SECONDS * 1000 * READ_BACK_SHARE,
    }),
    audit,
    metrics,
    logger,
  });
  const halfPosted = createHalfPosted();
  const takeOver = createTakeOver({ journal, ledger, poster, halfPosted, logger });
  const deliverer = createDeliverer({
    queues: outbox.queues,
    turns: createTurns(),
    pacer,
    trouble,
    halfPosted,
    takeOver,
    poster,
    moderation: bans,
    notPosted,
    producer,
    parker,
    metrics,
    logger,
    renewHoldMs: config.HOLD_RENEW_SECONDS * 1000,
  });
  const consumers: Consumer[] = [];
  for (const lane of ['urgent', 'normal'] as const) {
    const consumer = await broker.consume({
      // The next urgent one must be at hand when the turn is given on.
      queues: [{ queue: outbox.queues[lane], prefetch: lane === 'urgent' ? 2 : 1 }],
      lock: `${config.QUEUE_PREFIX}${RELAY_DELIVERY_LOCK}`,
      onDelivery: (delivery) => deliverer.onDelivery(lane, delivery),
    });
    consumers.push(consumer);
  }
  // Both stages at once: each needs seconds at most, and orchestrators are not patient.
  onStop('intake and delivery', async () => {
    deliverer.stop();
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  });

  if (!config.GROUPME_ACCESS_TOKEN) {
    logger.warn({}, 'no GROUPME_ACCESS_TOKEN is set: pictures will be named in the chat, not shown');
  }
  const intake = createIntake({
    outbox,
    preparer: createPreparer({
      fetcher,
      groupme,
      botId,
      canUpload: config.GROUPME_ACCESS_TOKEN !== undefined,
      characterLimit: config.GROUPME_CHARACTER_LIMIT,
      audit,
      metrics,
      logger,
    }),
    bans,
    notPosted,
    producer,
    parker,
    metrics,
    logger,
  });
  for (const definition of [relayTwilioQueue, relayStandardQueue]) {
    const queue = queueName(definition, namespace);
    const consumer = await broker.consume({
      queues: [{ queue, prefetch: INTAKE_PREFETCH }],
      onDelivery: (delivery) => intake.onDelivery(queue, delivery),
    });
    consumers.push(consumer);
  }
}
