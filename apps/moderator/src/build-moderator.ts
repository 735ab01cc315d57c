import { randomUUID } from 'node:crypto';
import { type Broker, connectBroker } from '@wbor/amqp';
import {
  auditQueues,
  banListRequest,
  deriveTopology,
  moderatorCallbacksQueue,
  moderatorParkedQueue,
  moderatorQueues,
  type Namespace,
  queueName,
  relayParkedQueue,
  relayStandardQueue,
} from '@wbor/contracts';
import { backOffMs, createDatabase, migrateToLatest } from '@wbor/database';
import { brokerUrl, pauseFor, type ServiceContext } from '@wbor/service';
import { listMessage, readBanList } from './bans/ban-list.ts';
import { sweepExpiredBans } from './bans/lift-expired.ts';
import type { ModeratorConfig } from './config.ts';
import { createDatabaseState } from './database-state.ts';
import { createCallbackHandler } from './intake/handle-callback.ts';
import type { Logger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { type Repeated, repeat } from './repeat.ts';
import { forgetOld, publishOutbox } from './replies/outbox.ts';

/** One at a time: commands count in the order in which they were typed. */
const PREFETCH = 1;
const MAX_COMMAND_AGE_MS = 5 * 60_000;
/** What was committed is published at once; this finds what a crash or another moderator left. */
const OUTBOX_SWEEP_MS = 2_000;
const EXPIRY_SWEEP_MS = 3_000;
const BAN_LIST_MS = 60_000;
const FORGET_SWEEP_MS = 3_600_000;
const FORGET_AFTER_MS = 30 * 86_400_000;
/** What runs at once: a command, and the work that is repeated. */
const MAX_CONNECTIONS = 5;
/** Of each of the two steps that a hung Postgres can hold up; with the consumer's 5 s, less than the 9 s of a stop. */
const CLOSE_TIMEOUT_MS = 1_500;

export interface ModeratorOptions {
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  readonly namespace: Namespace;
  readonly groupId: string;
  /** User ids that may change things; empty: everybody may. */
  readonly moderators: readonly string[];
  readonly announceExpired: boolean;
  /** Default: 1, 2, 4 … 30 s, jittered. */
  readonly backOffMs?: (failures: number) => number;
}

/** What the moderator needs of a service's context. */
export interface ModeratorContext extends Pick<ServiceContext, 'registry' | 'onStop'> {
  readonly health: Pick<ServiceContext['health'], 'addCheck'>;
  readonly logger: Logger;
}

export interface Moderator {
  /** Connects, migrates and returns once callbacks are consumed. Waits for a broker or a Postgres that is away. */
  start(): Promise<void>;
}

export function startModerator(config: ModeratorConfig, context: ServiceContext): Promise<void> {
  return buildModerator(
    {
      brokerUrl: brokerUrl(config),
      databaseUrl: config.DATABASE_URL.reveal(),
      namespace: { exchange: config.RABBITMQ_EXCHANGE, queuePrefix: config.QUEUE_PREFIX },
      groupId: config.GROUPME_GROUP_ID,
      moderators: config.MODERATOR_USER_IDS,
      announceExpired: config.ANNOUNCE_EXPIRED_BANS,
    },
    context,
  ).start();
}

/** Wires callbacks, commands, bans and the outbox. No I/O before `start()`. */
export function buildModerator(options: ModeratorOptions, context: ModeratorContext): Moderator {
  const { health, logger, onStop } = context;
  const failureBackOffMs = options.backOffMs ?? backOffMs;
  const database = createDatabaseState(logger);
  const metrics = createMetrics(context.registry);
  const repeats: Repeated[] = [];
  let migrated = false;
  let broker: Broker | undefined;

  health.addCheck(
    'database',
    () => database.reason ?? (migrated ? undefined : 'the tables are not ready yet'),
  );
  health.addCheck('broker', () => (broker ? broker.reason : 'not connected to the broker yet'));

  async function connect(): Promise<Broker> {
    // Queues of others are declared too: a reply or an event is kept if its taker comes up later.
    const queues = [...moderatorQueues, relayParkedQueue, relayStandardQueue, ...auditQueues];
    const connected = await connectBroker({
      url: options.brokerUrl,
      appId: 'moderator',
      topology: deriveTopology(queues, options.namespace),
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

  /** Work on Postgres that is tried again by the clock, so a failure is noted and no more. */
  function repeatOnDatabase(everyMs: number, work: () => Promise<void>): Repeated {
    const repeated = repeat(everyMs, async () => {
      try {
        await work();
        database.worked();
      } catch (error) {
        database.failed(error);
      }
    });
    repeats.push(repeated);
    return repeated;
  }

  return {
    async start() {
      const { close, db } = createDatabase({
        connectionString: options.databaseUrl,
        maxConnections: MAX_CONNECTIONS,
        applicationName: 'moderator',
        onIdleError: (error) => logger.debug({ error: error.message }, 'lost an idle connection to Postgres'),
      });
      // Bounded: a query that a dead Postgres does not answer must not hold up the exit.
      onStop('database', () => Promise.race([close(), pauseFor(CLOSE_TIMEOUT_MS)]));
      const [connected] = await Promise.all([connect(), migrate()]);

      // All at once: a hung Postgres holds each of them up.
      onStop('repeated work', () => {
        const stopped = Promise.all(repeats.map((repeated) => repeated.stop()));
        return Promise.race([stopped.then(() => undefined), pauseFor(CLOSE_TIMEOUT_MS)]);
      });
      const outbox = repeatOnDatabase(OUTBOX_SWEEP_MS, async () => {
        metrics.waiting.set(await publishOutbox(db, connected, logger));
      });
      const banList = repeatOnDatabase(BAN_LIST_MS, async () => {
        const list = await readBanList(db, new Date());
        // A hint that is repeated anyway: not worth a row of the outbox.
        const { body, ...message } = listMessage(list, randomUUID());
        await connected.publish({ ...message, body }).then(
          () => metrics.banListVersion.set(list.version),
          (error: unknown) => logger.warn({ reason: String(error) }, 'the ban list was not published'),
        );
      });
      repeatOnDatabase(EXPIRY_SWEEP_MS, async () => {
        const lifted = await sweepExpiredBans(db, { announce: options.announceExpired, now: new Date() });
        if (lifted === 0) return;
        logger.info({ bans: lifted }, 'bans have run out');
        outbox.now();
      });
      repeatOnDatabase(FORGET_SWEEP_MS, () => forgetOld(db, new Date(Date.now() - FORGET_AFTER_MS)));
      const listener = await connected.listen({ pattern: banListRequest.key, onMessage: banList.now });
      onStop('listener', () => listener.stop());

      const stopping = new AbortController();
      const queue = queueName(moderatorCallbacksQueue, options.namespace);
      const consumer = await connected.consume({
        queues: [{ queue, prefetch: PREFETCH }],
        onDelivery: createCallbackHandler({
          broker: connected,
          db,
          groupId: options.groupId,
          policy: { moderators: options.moderators, maxAgeMs: MAX_COMMAND_AGE_MS },
          queue,
          parkedQueue: queueName(moderatorParkedQueue, options.namespace),
          database,
          backOffMs: failureBackOffMs,
          metrics,
          logger,
          onCommitted: outbox.now,
          stopping: stopping.signal,
        }),
      });
      onStop('consumer', async () => {
        stopping.abort();
        await consumer.stop();
      });
      outbox.now();
      banList.now();
    },
  };
}
