import { type Broker, connectBroker, originalKey } from '@wbor/amqp';
import { auditEventsQueue, auditQueues, deriveTopology, type Namespace, queueName } from '@wbor/contracts';
import { backOffMs, createDatabase, type DatabaseHandle, migrateToLatest } from '@wbor/database';
import { brokerUrl, pauseFor, type ServiceContext } from '@wbor/service';
import { sql } from 'kysely';
import { type Batcher, createBatcher } from './batch/create-batcher.ts';
import type { AuditLoggerConfig } from './config.ts';
import { type AuditConsumer, consumeWhileStored } from './consume/consume-while-stored.ts';
import { type AuditEvent, parseEvent } from './intake/parse-event.ts';
import type { Logger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { createDatabaseState } from './store/database-state.ts';
import { storeEvents } from './store/store-events.ts';

/** Rows of one transaction. More gain nothing, and make the search for a bad row longer. */
const MAX_BATCH_ROWS = 250;
/** Events are small. A batch of large ones would reach the statement's time-out, again and again. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
const MAX_BATCH_DELAY_MS = 200;
/** Two batches: one is written while the next one grows. */
const PREFETCH = 2 * MAX_BATCH_ROWS;
/** Far below the 30 minutes after which the broker closes a channel that does not acknowledge. */
const PAUSE_AFTER_MS = 10 * 60_000;
const DRAIN_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 2_000;

export interface AuditLoggerOptions {
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  readonly namespace: Namespace;
  /** After this long without Postgres, messages are given back to the broker. Default 10 minutes. */
  readonly pauseAfterMs?: number;
  /** Default: 1, 2, 4 … 30 s, jittered. */
  readonly backOffMs?: (failures: number) => number;
}

/** What the audit logger needs of a service's context. */
export interface AuditLoggerContext extends Pick<ServiceContext, 'registry' | 'health' | 'onStop'> {
  readonly logger: Logger;
}

export interface AuditLogger {
  /** Connects, migrates and returns once events are consumed. Waits for a broker or a Postgres that is away. */
  start(): Promise<void>;
}

export function startAuditLogger(config: AuditLoggerConfig, context: ServiceContext): Promise<void> {
  return buildAuditLogger(
    {
      brokerUrl: brokerUrl(config),
      databaseUrl: config.DATABASE_URL.reveal(),
      namespace: { exchange: config.RABBITMQ_EXCHANGE, queuePrefix: config.QUEUE_PREFIX },
    },
    context,
  ).start();
}

/** Wires the stages: consume, parse, batch, store, acknowledge. No I/O before `start()`. */
export function buildAuditLogger(options: AuditLoggerOptions, context: AuditLoggerContext): AuditLogger {
  const { health, logger, onStop } = context;
  const failureBackOffMs = options.backOffMs ?? backOffMs;
  const pauseAfterMs = options.pauseAfterMs ?? PAUSE_AFTER_MS;
  const database = createDatabaseState(logger);
  let migrated = false;
  let broker: Broker | undefined;
  let consumer: AuditConsumer | undefined;
  let batcher: Batcher<AuditEvent> | undefined;

  // While paused nothing is in hand, but the oldest event on the queue is as old as the outage.
  const metrics = createMetrics(context.registry, () => {
    const oldestAtMs = batcher?.oldestAtMs;
    const inHandMs = oldestAtMs === undefined ? 0 : Date.now() - oldestAtMs;
    return Math.max(inHandMs, database.downForMs()) / 1000;
  });

  health.addCheck(
    'database',
    () => database.reason ?? (migrated ? undefined : 'the tables are not ready yet'),
  );
  health.addCheck('broker', () => {
    if (consumer?.paused) return 'not consuming until Postgres answers';
    return broker ? broker.reason : 'not connected to the broker yet';
  });

  async function connect(): Promise<Broker> {
    const connected = await connectBroker({
      url: options.brokerUrl,
      appId: 'audit-logger',
      topology: deriveTopology(auditQueues, options.namespace),
      logger,
    });
    broker = connected;
    onStop('broker', () => connected.close());
    return connected;
  }

  async function migrate(): Promise<void> {
    const waiting = new AbortController();
    onStop('migrations', () => waiting.abort());
    const names = await migrateToLatest({
      connectionString: options.databaseUrl,
      onNewerSchema: (names) =>
        logger.warn(
          { migrations: names },
          'newer code has migrated the database; working on it all the same',
        ),
      waitForDatabase: {
        signal: waiting.signal,
        onUnavailable: database.failed,
        backOffMs: failureBackOffMs,
      },
    });
    database.worked();
    migrated = true;
    if (names.length > 0) logger.info({ migrations: names }, 'migrated the database');
  }

  function buildBatcher({ db }: DatabaseHandle): Batcher<AuditEvent> {
    return createBatcher<AuditEvent>({
      maxItems: MAX_BATCH_ROWS,
      maxBytes: MAX_BATCH_BYTES,
      sizeOf: ({ bytes }) => bytes,
      maxDelayMs: MAX_BATCH_DELAY_MS,
      backOffMs: failureBackOffMs,
      async write(events) {
        const startedAtMs = performance.now();
        const result = await storeEvents(db, events);
        const durationMs = performance.now() - startedAtMs;
        database.worked();
        metrics.flushed(events, result, durationMs / 1000);
        for (const { event, reason } of result.rejected) {
          logger.warn(
            { event_id: event.eventId, routing_key: event.routingKey, reason },
            'a message is no event; it is in audit_rejected',
          );
        }
        logger.debug(
          { events: events.length, rejected: result.rejected.length, duration_ms: Math.round(durationMs) },
          'flushed',
        );
      },
      onWriteFailed(error) {
        metrics.flushFailed();
        database.failed(error);
        if (database.downForMs() > pauseAfterMs) consumer?.pause();
      },
    });
  }

  return {
    async start() {
      const handle = createDatabase({
        connectionString: options.databaseUrl,
        maxConnections: 2,
        applicationName: 'audit-logger',
        onIdleError: (error) => logger.debug({ error: error.message }, 'lost an idle connection to Postgres'),
      });
      // Bounded: a query that a dead Postgres does not answer must not hold up the exit.
      onStop('database', () => Promise.race([handle.close(), pauseFor(CLOSE_TIMEOUT_MS)]));
      // At once, not one after the other: the queue must exist, and so keep events, while Postgres is away;
      // and a wrong password must be said while the broker is away.
      const [connected] = await Promise.all([connect(), migrate()]);

      batcher = buildBatcher(handle);
      const consuming = consumeWhileStored({
        broker: connected,
        queue: queueName(auditEventsQueue, options.namespace),
        prefetch: PREFETCH,
        parse: (delivery) => parseEvent({ ...delivery, routingKey: originalKey(delivery) }, Date.now()),
        batcher,
        database,
        probe: () => sql`select 1`.execute(handle.db),
        backOffMs: failureBackOffMs,
        drainTimeoutMs: DRAIN_TIMEOUT_MS,
        logger,
      });
      consumer = await consuming;
      onStop('consumer', consumer.stop);
    },
  };
}
