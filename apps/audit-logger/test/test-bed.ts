import { type Broker, connectBroker } from '@wbor/amqp';
import {
  auditEventsQueue,
  auditQueues,
  deriveTopology,
  type PostEvent,
  postEvent,
  queueName,
} from '@wbor/contracts';
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
import { Registry } from 'prom-client';
import { inject, vi } from 'vitest';
import { type AuditLoggerOptions, buildAuditLogger } from '../src/build-audit-logger.ts';

const WAIT = { timeout: 30_000, interval: 20 };

interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

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
    logger: silent,
  });
  const releases: (() => unknown)[] = [];

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
    /** Runs the service in this process; returns once `start()` was called. */
    launch(overrides: Partial<AuditLoggerOptions> = {}) {
      const service = launchInProcess({
        brokerUrl: inject('brokerUrl'),
        databaseUrl: database.url,
        namespace,
        backOffMs: () => 50,
        ...overrides,
      });
      releases.push(service.stop);
      return service;
    },
    /** Runs `src/main.ts` as it is deployed. */
    async spawn(environment: Record<string, string> = {}): Promise<ServiceProcess> {
      const service = await spawnService({
        app: 'audit-logger',
        env: {
          RABBITMQ_URL: inject('brokerUrl'),
          RABBITMQ_EXCHANGE: namespace.exchange,
          QUEUE_PREFIX: namespace.queuePrefix,
          DATABASE_URL: database.url,
          HEALTH_HOST: '127.0.0.1',
          ...environment,
        },
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

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function launchInProcess(options: AuditLoggerOptions) {
  const lines: LogLine[] = [];
  const write = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, message });
  };
  const checks = new Map<string, () => string | undefined>();
  const releases: (() => unknown)[] = [];
  const registry = new Registry();
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const started = buildAuditLogger(options, {
    logger,
    registry,
    health: {
      addCheck: (name, check) => checks.set(name, check),
      addNotice() {},
      faults: () => [],
      notices: () => [],
    },
    onStop: (_name, release) => releases.push(release),
  }).start();
  // A start that is given up by `stop()` rejects; tests that await it see that all the same.
  started.catch(() => undefined);
  return {
    started,
    lines,
    /** Reasons for not being ready. */
    faults: () => [...checks.values()].flatMap((check) => check() ?? []),
    said: (message: string) => lines.filter((line) => line.message.includes(message)),
    async metric(name: string): Promise<number> {
      const { values } = (await registry.getSingleMetric(name)?.get()) ?? { values: [] };
      return values.reduce((sum, { value }) => sum + value, 0);
    },
    async stop() {
      for (let release = releases.pop(); release; release = releases.pop()) await release();
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
