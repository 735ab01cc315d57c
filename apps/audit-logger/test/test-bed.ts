import { type Broker, connectBroker } from '@wbor/amqp';
import {
  auditEventsQueue,
  auditQueues,
  deriveTopology,
  type PostEvent,
  postEvent,
  queueName,
} from '@wbor/contracts';
import { parseConfig } from '@wbor/service';
import { createTestServiceContext } from '@wbor/service/testing';
import {
  connectAmqp,
  createDatabase,
  createNamespace,
  deleteNamespace,
  publishRaw,
  type ServiceProcess,
  spawnService,
  waitFor,
} from '@wbor/testkit';
import pg from 'pg';
import { inject, vi } from 'vitest';
import { auditLoggerSettings } from '../src/config.ts';
import { type AuditLoggerTiming, startAuditLogger } from '../src/start.ts';

const WAIT = { timeout: 30_000, interval: 20 };

/** A broker namespace and an empty database of one test, and what runs on them. */
export type TestBed = Awaited<ReturnType<typeof createTestBed>>;

/** `serverUrl`: another Postgres server than the one that all tests share. */
export async function createTestBed(serverUrl: string = inject('databaseUrl')) {
  const namespace = createNamespace();
  const database = await createDatabase(serverUrl);
  const pool = new pg.Pool({ connectionString: database.url });
  // Tests that end sessions end ours as well.
  pool.on('error', () => undefined);
  const broker = await connectBroker({
    url: inject('brokerUrl'),
    appId: 'test',
    topology: deriveTopology(auditQueues, namespace),
    logger: createTestServiceContext().context.logger,
  });
  const releases: (() => unknown)[] = [];
  const settings = {
    RABBITMQ_URL: inject('brokerUrl'),
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    DATABASE_URL: database.url,
  };

  async function count(table: string): Promise<number> {
    // The table may not be there yet.
    const { rows } = await pool.query(`select to_regclass('${table}') is not null as exists`);
    if (!rows[0].exists) return 0;
    return Number((await pool.query(`select count(*) from ${table}`)).rows[0].count);
  }

  return {
    namespace,
    databaseUrl: database.url,
    pool,
    broker,
    /** Publishes what need be no event. */
    async publishBytes(routingKey: string, ...bodies: readonly Buffer[]): Promise<void> {
      const connection = await connectAmqp(inject('brokerUrl'));
      const channel = await connection.createConfirmChannel();
      for (const body of bodies) await publishRaw(channel, namespace.exchange, routingKey, body);
      await connection.close();
    },
    count,
    waitForRows: (table: string, expected: number) =>
      waitFor(async () => (await count(table)) >= expected, {
        what: `${expected} rows in ${table}`,
        timeoutMs: 30_000,
      }),
    /** Runs the service in this process; returns before it has started. */
    launch({ databaseUrl, ...timing }: AuditLoggerTiming & { databaseUrl?: string } = {}) {
      const env = databaseUrl === undefined ? settings : { ...settings, DATABASE_URL: databaseUrl };
      const service = launchInProcess(env, { backOffMs: () => 50, ...timing });
      releases.push(service.stop);
      return service;
    },
    /** Runs `src/main.ts` as it is deployed. */
    async spawn(environment: Record<string, string> = {}): Promise<ServiceProcess> {
      const service = await spawnService({
        app: 'audit-logger',
        env: { ...settings, HEALTH_HOST: '127.0.0.1', ...environment },
      });
      releases.push(() => service.kill());
      return service;
    },
    onDispose: (release: () => unknown) => releases.push(release),
    async dispose() {
      for (const release of releases.reverse()) await release();
      await broker.close();
      await pool.end();
      await database.drop();
      await deleteNamespace(inject('brokerUrl'), namespace);
    },
  };
}

function launchInProcess(env: Record<string, string>, timing: AuditLoggerTiming) {
  const { context, ...service } = createTestServiceContext();
  const started = startAuditLogger(parseConfig(auditLoggerSettings, env), context, timing);
  // A start that is given up by `stop()` rejects; tests that await it see that all the same.
  started.catch(() => undefined);
  return {
    ...service,
    started,
    async metric(name: string): Promise<number> {
      const { values } = (await context.registry.getSingleMetric(name)?.get()) ?? { values: [] };
      return values.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

export const BOT_ID = '5f6cab0123456789deadbeef00';

export function postBody(number: number, values: Record<string, unknown> = {}): PostEvent {
  return {
    text: `post ${number}`,
    bot_id: BOT_ID,
    source: 'ups',
    code: 202,
    type: 'log',
    wbor_message_id: `message-${number}`,
    part: 1,
    parts: 1,
    attempt: 1,
    outcome: 'delivered',
    sent_at: new Date().toISOString(),
    duration_ms: 80,
    ...values,
  };
}

export async function publishPosts(broker: Broker, from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  await Promise.all(numbers.map((number) => broker.publish(postEvent, postBody(number))));
}

/** How many messages wait on the queue of events, delivered to nobody. */
export async function countQueued(bed: TestBed): Promise<number> {
  const browser = await bed.broker.browse(queueName(auditEventsQueue, bed.namespace));
  let count = 0;
  while (await browser.next()) count += 1;
  await browser.close();
  return count;
}

/** Polls until the check does not throw any more. */
export function eventually(check: () => unknown): Promise<unknown> {
  return vi.waitFor(check, WAIT);
}
