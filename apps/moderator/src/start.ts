import { type Broker, connectBroker, startParkedWatch, startQueueWatch } from '@wbor/amqp';
import type { BackOff } from '@wbor/async';
import {
  auditEventsQueue,
  banListMessage,
  banListRequest,
  banListState,
  declaredQueues,
  deriveTopology,
  moderatorCallbacksQueue,
  moderatorParkedQueue,
  moderatorRequestsQueue,
  moderatorSmsCommandsQueue,
  queueName,
  relayStandardQueue,
} from '@wbor/contracts';
import { databaseBackOffMs, openDatabase } from '@wbor/database';
import { createSenderNormaliser } from '@wbor/phone';
import {
  brokerAddress,
  brokerNamespace,
  observeParked,
  observeQueues,
  type ServiceContext,
} from '@wbor/service';
import { createStationClock } from '@wbor/station-clock';
import { createRelayStates } from './bans/relay-states.ts';
import type { ModeratorConfig } from './config.ts';
import { createBanOrderHandler } from './intake/handle-ban-order.ts';
import { createCallbackHandler } from './intake/handle-callback.ts';
import { consoleRequests } from './intake/read-ban-request.ts';
import { smsCommands } from './intake/read-sms-command.ts';
import { createMetrics } from './metrics.ts';
import { startRepeatedWork } from './repeated-work.ts';

/** One at a time: commands count in the order in which they were typed. */
const PREFETCH = 1;
/** A command waits for Postgres in spells of ten minutes, each of which counts: 16 hours. */
const MAX_DELIVERIES = 100;
const MAX_COMMAND_AGE_MS = 5 * 60_000;
/** A command and the repeated work may need one each at the same moment. */
const MAX_CONNECTIONS = 5;

/** What tests shorten. */
export interface ModeratorTiming {
  readonly backOffMs?: BackOff;
}

/**
 * Wires callbacks, commands, bans and the outbox, and returns once callbacks are consumed. Waits for a broker or a
 * Postgres that is away.
 */
export async function startModerator(
  config: ModeratorConfig,
  context: ServiceContext,
  { backOffMs = databaseBackOffMs }: ModeratorTiming = {},
): Promise<void> {
  const { health, logger, onStop, registry } = context;
  const namespace = brokerNamespace(config);
  const metrics = createMetrics(registry);
  let broker: Broker | undefined;

  const { db, migrate, outage } = openDatabase({
    url: config.DATABASE_URL.reveal(),
    applicationName: 'moderator',
    maxConnections: MAX_CONNECTIONS,
    symptom: 'Postgres does not answer',
    logLine: 'Postgres does not answer; commands wait',
    backOffMs,
    logger,
    health,
    onStop,
  });
  health.addCheck('broker', () => (broker ? broker.reason : 'not connected to the broker yet'));

  async function connect(): Promise<Broker> {
    const connected = await connectBroker({
      ...brokerAddress(config),
      appId: 'moderator',
      topology: deriveTopology(declaredQueues.moderator, namespace, 'moderator'),
      maxMessageBytes: config.MAX_MESSAGE_BYTES,
      logger,
    });
    onStop('broker', () => connected.close());
    broker = connected;
    return connected;
  }

  // Side by side, not one after the other: the queue must exist, and so keep commands, while Postgres is away; and a
  // wrong password must be said while the broker is away.
  const [connected] = await Promise.all([connect(), migrate()]);
  const states = createRelayStates();
  const describeRelays = (): string | undefined => states.describe(Date.now());
  health.addNotice('bans', describeRelays);
  const work = startRepeatedWork({
    announceExpired: config.ANNOUNCE_EXPIRED_BANS,
    timeZone: config.STATION_TIME_ZONE,
    broker: connected,
    db,
    logger,
    metrics,
    outage,
    states,
  });
  onStop('repeated work', work.stop);
  for (const [pattern, onMessage] of [
    [banListRequest.key, work.publishBanList],
    [banListMessage.key, work.guard.hearList],
    [banListState.key, work.guard.hearState],
  ] as const) {
    const listener = await connected.listen({ pattern, onMessage });
    onStop(`listener of ${pattern}`, () => listener.stop());
  }

  const queue = queueName(moderatorCallbacksQueue, namespace);
  const parkedQueue = queueName(moderatorParkedQueue, namespace);
  const howToLook = `parked list --queue ${moderatorParkedQueue.name}`;
  const watch = startParkedWatch({ broker: connected, queue: parkedQueue, howToLook }, context);
  const queues = [
    { queue: queueName(relayStandardQueue, namespace), consumer: 'relay' },
    { queue: queueName(auditEventsQueue, namespace), consumer: 'audit-logger' },
  ];
  const taken = startQueueWatch({ broker: connected, queues }, context);
  observeQueues(registry, () => taken.sights);
  observeParked(registry, watch, ['moderator_parked_messages', 'moderator_parked_oldest_age_seconds']);
  const onParked = (): void => {
    metrics.parked.inc();
    watch.parked();
  };
  const stopping = new AbortController();
  const normaliseSender = createSenderNormaliser(config.STATION_COUNTRY);
  const clock = createStationClock(config.STATION_TIME_ZONE);
  const common = {
    broker: connected,
    parkedQueue,
    onParked,
    outage,
    backOffMs,
    logger,
    onCommitted: work.publishOutbox,
    stopping: stopping.signal,
  };
  const limits = { parkedQueue, maxDeliveries: MAX_DELIVERIES, onParked };
  const tools = { db, normaliseSender, clock };
  const consumers = await Promise.all(
    [
      [moderatorSmsCommandsQueue, smsCommands] as const,
      [moderatorRequestsQueue, consoleRequests] as const,
    ].map(([{ name }, origin]) => {
      const queue = queueName({ name }, namespace);
      return connected.consume({
        queues: [{ queue, prefetch: PREFETCH }],
        limits,
        onDelivery: createBanOrderHandler(origin, { ...common, tools, queue }),
      });
    }),
  );
  const consumer = await connected.consume({
    queues: [{ queue, prefetch: PREFETCH }],
    limits,
    onDelivery: createCallbackHandler({
      ...common,
      db,
      groupId: config.GROUPME_GROUP_ID,
      policy: {
        moderators: config.MODERATOR_USER_IDS,
        maxAgeMs: MAX_COMMAND_AGE_MS,
        maxPerMinute: config.COMMANDS_PER_MINUTE,
      },
      tools: {
        clock,
        normaliseSender,
        describeRelays,
        consoleUrl: config.CONSOLE_URL,
      },
      queue,
      metrics,
    }),
  });
  onStop('consumers', async () => {
    stopping.abort();
    await Promise.all([consumer, ...consumers].map((it) => it.stop()));
  });
  work.publishOutbox();
  work.publishBanList();
}
