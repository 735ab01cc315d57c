import { randomUUID } from 'node:crypto';
import {
  auditEventsQueue,
  auditQueues,
  deriveTopology,
  type Namespace,
  type PostEvent,
  postEvent,
  queueName,
} from '@wbor/contracts';
import { migrateToLatest } from '@wbor/database';
import { type ServiceProcess, waitFor } from '@wbor/testkit';
import pg from 'pg';
import { publishJson } from './producer.ts';
import { declareQueues } from './queues.ts';
import type { Measured, Variant } from './types.ts';
import type { World } from './world.ts';

/** What stores the events of a queue. */
interface Storage {
  readonly namespace: Namespace;
  readonly databaseUrl: string;
  /** The table that the rows go into. */
  readonly table: string;
  /** Starts it on the queue as it is. */
  start(): Promise<ServiceProcess>;
}

/** What stores events, and what is needed to measure it. */
interface StorageUnderTest {
  readonly world: World;
  /** Starts the process on the queue as it is. */
  start(): Promise<ServiceProcess>;
  /** Resolves once the broker has confirmed the event. Those of one round have a source of their own. */
  publish(round: string, number: number): Promise<void>;
  /** How many wait in the queue. */
  countQueued(): Promise<number>;
  /** Waits until there are so many rows of a round, and returns what a query of its rows says. */
  waitForRows<Row extends pg.QueryResultRow>(round: string, count: number, columns: string): Promise<Row>;
}

export type MeasureStorage = (storage: StorageUnderTest) => Promise<Measured>;

const TIMEOUT_MS = 900_000;

/** The audit-logger, and the two floors beside it. */
export function storageVariants(measure: MeasureStorage): { ours: Variant; floors: readonly Variant[] } {
  return {
    ours: storageVariant('audit-logger', openAuditLogger, measure),
    floors: [
      storageVariant('bare unnest, one table', (world) => openFloor(world, 'floor_posts'), measure),
      storageVariant('unnest, the same counts', (world) => openFloor(world, 'groupme_posts'), measure),
    ],
  };
}

function storageVariant(
  name: string,
  open: (world: World) => Promise<Storage>,
  measure: MeasureStorage,
): Variant {
  return {
    name,
    async open(world) {
      const { databaseUrl, namespace, start, table } = await open(world);
      await declareQueues(world, deriveTopology(auditQueues, namespace));
      const channel = await world.openChannel();
      const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
      world.releases.add(() => pool.end());
      const queue = queueName(auditEventsQueue, namespace);
      const storage: StorageUnderTest = {
        world,
        start,
        publish: (round, number) =>
          publishJson(channel, namespace.exchange, postEvent.key, post(round, number)),
        countQueued: async () => (await channel.checkQueue(queue)).messageCount,
        async waitForRows<Row extends pg.QueryResultRow>(round: string, count: number, columns: string) {
          const text = `select count(*)::int as count, ${columns} from ${table} where source = $1`;
          return waitFor(
            async () => {
              const { rows } = await pool.query<Row & { count: number }>(text, [round]);
              return rows[0]?.count === count && rows[0];
            },
            { what: `${count} rows`, timeoutMs: TIMEOUT_MS, intervalMs: 50 },
          );
        },
      };
      return () => measure(storage);
    },
  };
}

function post(source: string, number: number): PostEvent {
  return {
    text: `(1/2):\n"Message ${number}, about as long as a text message to the DJ is"\n---UID---\n0a1b2c3d\n---------`,
    bot_id: '0123456789abcdef01234567',
    source,
    code: 202,
    type: 'log',
    wbor_message_id: randomUUID(),
    part: 1,
    parts: 2,
    attempt: 1,
    outcome: 'delivered',
    sent_at: new Date().toISOString(),
    duration_ms: 91,
  };
}

async function openAuditLogger(world: World): Promise<Storage> {
  const namespace = world.createNamespace();
  const databaseUrl = await world.createDatabase();
  await migrateToLatest({ connectionString: databaseUrl });
  return {
    namespace,
    databaseUrl,
    table: 'groupme_posts',
    start: () => world.spawnApp('audit-logger', { namespace, databaseUrl }),
  };
}

async function openFloor(world: World, table: 'groupme_posts' | 'floor_posts'): Promise<Storage> {
  const namespace = world.createNamespace();
  const databaseUrl = await world.createDatabase();
  // Our own table comes with our indexes, and with the trigger that keeps the counts.
  if (table === 'groupme_posts') await migrateToLatest({ connectionString: databaseUrl });
  return {
    namespace,
    databaseUrl,
    table,
    start: () =>
      world.spawnFloor('audit', {
        DATABASE_URL: databaseUrl,
        TABLE: table,
        QUEUE: queueName(auditEventsQueue, namespace),
      }),
  };
}
