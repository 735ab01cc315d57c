import {
  type Broker,
  connectBroker,
  type Delivery,
  originalKey,
  type ParkedWatch,
  startParkedWatch,
} from '@wbor/amqp';
import type { BackOff } from '@wbor/async';
import {
  auditEventsQueue,
  auditParkedQueue,
  declaredQueues,
  deriveTopology,
  queueName,
} from '@wbor/contracts';
import { databaseBackOffMs, openDatabase, type ServiceDatabase } from '@wbor/database';
import {
  brokerAddress,
  brokerNamespace,
  type Logger,
  observeParked,
  type ServiceContext,
} from '@wbor/service';
import { sql } from 'kysely';
import { createBatcher, type WriteProgress } from './batch/create-batcher.ts';
import type { AuditLoggerConfig } from './config.ts';
import { type AuditConsumer, consumeWhileStored } from './consume/consume-while-stored.ts';
import { type AuditEvent, parseEvent } from './intake/parse-event.ts';
import { type AuditMetrics, createMetrics } from './metrics.ts';
import { createParking } from './store/create-parking.ts';
import { storeEvents } from './store/store-events.ts';

/** Rows of one transaction. More gain little, and make the search for a bad row longer. */
const MAX_BATCH_ROWS = 500;
/** Events are small. A batch of large ones would reach the statement's time-out, again and again. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
const MAX_BATCH_DELAY_MS = 200;
/** Two batches: one is written while the next one grows. */
const PREFETCH = 2 * MAX_BATCH_ROWS;
/** While one batch is written, another one grows; more would wait in memory only. */
const MAX_BYTES_IN_HAND = 2 * MAX_BATCH_BYTES;
/** An outage of Postgres counts once in ten minutes at most, so that this is many hours of a full disk. */
const MAX_DELIVERIES = 100;
/** One connection writes a batch, the other one looks for a sign of life. */
const MAX_CONNECTIONS = 2;
/** Far below the 30 minutes after which the broker closes a channel that does not acknowledge. */
const PAUSE_AFTER_MS = 10 * 60_000;
const DRAIN_TIMEOUT_MS = 5_000;

/** What tests shorten. */
export interface AuditLoggerTiming {
  /** After this long without Postgres, messages are given back to the broker. */
  readonly pauseAfterMs?: number;
  readonly backOffMs?: BackOff;
  readonly probeEveryMs?: number;
}

/**
 * Wires the stages (consume, parse, batch, store, acknowledge) and returns once events are consumed. Waits for a
 * broker or a Postgres that is away.
 */
export async function startAuditLogger(
  config: AuditLoggerConfig,
  context: ServiceContext,
  { backOffMs = databaseBackOffMs, pauseAfterMs = PAUSE_AFTER_MS, probeEveryMs }: AuditLoggerTiming = {},
): Promise<void> {
  const { health, logger, onStop, registry } = context;
  const namespace = brokerNamespace(config);
  let broker: Broker | undefined;
  let consumer: AuditConsumer | undefined;
  let watch: ParkedWatch | undefined;

  const database = openDatabase({
    url: config.DATABASE_URL.reveal(),
    applicationName: 'audit-logger',
    maxConnections: MAX_CONNECTIONS,
    symptom: 'Postgres does not take events',
    logLine: 'Postgres does not take events; they are kept on the queue',
    backOffMs,
    probeEveryMs,
    logger,
    health,
    onStop,
  });
  health.addCheck('broker', () => {
    if (consumer?.paused) return 'not consuming until Postgres answers';
    return broker ? broker.reason : 'not connected to the broker yet';
  });

  const metrics = createMetrics(registry, () => {
    // While paused nothing is in hand, but the oldest event on the queue is as old as the outage.
    const inHandMs = Date.now() - (batcher.oldestAtMs ?? Date.now());
    return Math.max(inHandMs, consumer?.paused ? database.outage.downForMs() : 0) / 1000;
  });
  const onParked = (): void => {
    metrics.parked();
    watch?.parked();
  };
  const parking = createParking({ broker: () => broker, namespace, onParked, logger });
  health.addCheck('parking', parking.fault);
  const stopping = new AbortController();
  const batcher = createBatcher<AuditEvent, Delivery>({
    maxItems: MAX_BATCH_ROWS,
    maxBytes: MAX_BATCH_BYTES,
    sizeOf: ({ bytes }) => bytes,
    maxDelayMs: MAX_BATCH_DELAY_MS,
    backOffMs,
    write: createBatchWriter(database, metrics, logger, stopping.signal),
    setAside: parking.park,
    onWriteFailed(error) {
      metrics.flushFailed();
      database.outage.failed(error);
      if (database.outage.downForMs() > pauseAfterMs) consumer?.pause();
    },
  });

  async function connect(): Promise<Broker> {
    const connected = await connectBroker({
      ...brokerAddress(config),
      appId: 'audit-logger',
      topology: deriveTopology(declaredQueues['audit-logger'], namespace, 'audit-logger'),
      maxMessageBytes: config.MAX_MESSAGE_BYTES,
      logger,
    });
    onStop('broker', () => connected.close());
    broker = connected;
    return connected;
  }

  // Side by side, not one after the other: the queue must exist, and so keep events, while Postgres is away; and a
  // wrong password must be said while the broker is away.
  const [connected] = await Promise.all([connect(), database.migrate()]);
  const parkedQueue = queueName(auditParkedQueue, namespace);
  const howToLook = `parked list --queue ${auditParkedQueue.name}`;
  watch = startParkedWatch({ broker: connected, queue: parkedQueue, howToLook }, context);
  observeParked(registry, watch, ['audit_parked_messages', 'audit_parked_oldest_age_seconds']);
  consumer = await consumeWhileStored({
    broker: connected,
    queue: queueName(auditEventsQueue, namespace),
    prefetch: PREFETCH,
    limits: {
      parkedQueue,
      maxBytesInHand: MAX_BYTES_IN_HAND,
      // Each event is a row of its own, whenever it comes.
      keepsOrder: false,
      maxDeliveries: MAX_DELIVERIES,
      onParked,
    },
    parse: (delivery) => parseEvent({ ...delivery, routingKey: originalKey(delivery) }, Date.now()),
    batcher,
    outage: database.outage,
    probe: () => sql`select 1`.execute(database.db),
    backOffMs,
    drainTimeoutMs: DRAIN_TIMEOUT_MS,
    logger,
  });
  const { stop } = consumer;
  onStop('consumer', () => {
    stopping.abort();
    return stop();
  });
}

/** Stores one batch and tells batcher, metrics and log of it. */
function createBatchWriter(
  { db, outage }: ServiceDatabase,
  metrics: AuditMetrics,
  logger: Logger,
  stopping: AbortSignal,
): (batch: readonly AuditEvent[], progress: WriteProgress<AuditEvent>) => Promise<void> {
  return async (batch, progress) => {
    let startedAtMs = performance.now();
    await storeEvents(db, batch, {
      signal: stopping,
      onUnstorable: progress.setAside,
      onStored(events, { newRows, rejected }) {
        const durationMs = performance.now() - startedAtMs;
        startedAtMs = performance.now();
        outage.worked();
        metrics.flushed(events, { newRows, rejected }, durationMs / 1000);
        for (const { event, reason } of rejected) {
          logger.warn(
            { event_id: event.eventId, routing_key: event.routingKey, reason },
            'rejected an invalid event; stored in audit_rejected',
          );
        }
        logger.debug(
          { events: events.length, rejected: rejected.length, duration_ms: Math.round(durationMs) },
          'flushed',
        );
        progress.stored(events);
      },
    });
  };
}
