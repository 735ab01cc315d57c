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
import type { ConfirmChannel } from 'amqplib';
import pg from 'pg';
import { watchProcesses } from '../measure/process-use.ts';
import { publishInTurn, publishJson } from '../producer.ts';
import { declareQueues } from '../queues.ts';
import type { Measured, Scenario, Variant } from '../types.ts';
import type { World } from '../world.ts';

const TIMEOUT_MS = 300_000;

/** What stores the events of a queue. */
interface Storage {
  readonly namespace: Namespace;
  readonly databaseUrl: string;
  /** The table that the rows go into. */
  readonly table: string;
  /** Starts it on the queue as it is. */
  start(): Promise<ServiceProcess>;
}

function storageVariant(name: string, open: (world: World) => Promise<Storage>): Variant {
  return {
    name,
    async open(world) {
      const storage = await open(world);
      await declareQueues(world, deriveTopology(auditQueues, storage.namespace));
      const channel = await world.openChannel();
      const pool = new pg.Pool({ connectionString: storage.databaseUrl, max: 1 });
      world.releases.add(() => pool.end());
      return () => measure(world, storage, channel, pool);
    },
  };
}

/** The queue is filled first, then the process is started; the rate is Postgres's own, from its first row to the last. */
async function measure(
  world: World,
  storage: Storage,
  channel: ConfirmChannel,
  pool: pg.Pool,
): Promise<Measured> {
  const { namespace } = storage;
  const events = world.size(50_000, 2_000);
  const round = randomUUID();
  const { exchange } = namespace;
  const all = Array.from({ length: events }, (_, number) => post(round, number));
  await publishInTurn(all, (event) => publishJson(channel, exchange, postEvent.key, event));
  const startedAtMs = performance.now();
  const service = await storage.start();
  const stopWatching = watchProcesses({ service: service.pid, postgres: world.servers.postgresPid });
  const queue = queueName(auditEventsQueue, namespace);
  // Counting rows is work for Postgres: not before nearly all are there.
  await waitFor(async () => (await channel.checkQueue(queue)).messageCount === 0, {
    what: 'the queue is empty',
    timeoutMs: TIMEOUT_MS,
    intervalMs: 50,
  });
  const stored = await waitFor(
    async () => {
      const row = await readStored(pool, storage.table, round);
      return row.count === events && row;
    },
    { what: `${events} rows`, timeoutMs: TIMEOUT_MS, intervalMs: 50 },
  );
  const processes = stopWatching();
  const lasted = (performance.now() - startedAtMs) / 1_000;
  await service.stop();
  return { values: { rate: events / stored.seconds, 'with the start': lasted }, messages: events, processes };
}

async function readStored(
  pool: pg.Pool,
  table: string,
  round: string,
): Promise<{ count: number; seconds: number }> {
  const { rows } = await pool.query<{ count: number; seconds: number }>(
    `select count(*)::int as count, extract(epoch from max(received_at) - min(received_at))::float as seconds
     from ${table} where source = $1`,
    [round],
  );
  return rows[0] ?? { count: 0, seconds: Number.NaN };
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

export const auditBacklog: Scenario = {
  name: 'audit-backlog',
  summary: 'a backlog of 50,000 events into Postgres',
  metrics: [
    { name: 'rate', unit: 'rows/s' },
    { name: 'with the start', unit: 's' },
  ],
  ours: storageVariant('audit-logger', openAuditLogger),
  floors: [
    storageVariant('bare unnest, one table', (world) => openFloor(world, 'floor_posts')),
    storageVariant('unnest, the same counts', (world) => openFloor(world, 'groupme_posts')),
  ],
};
