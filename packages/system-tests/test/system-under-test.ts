import type { Namespace } from '@wbor/contracts';
import { type Simulator, startSimulator } from '@wbor/groupme-simulator';
import {
  connectAmqp,
  createDatabase,
  createNamespace,
  deleteNamespace,
  lastingPort,
  publishRaw,
  type ServiceProcess,
  spawnService,
  waitFor,
} from '@wbor/testkit';
import type { ConfirmChannel } from 'amqplib';
import pg from 'pg';

export type App = 'relay' | 'gateway' | 'audit-logger' | 'moderator';

/** All services on one broker and one database, with a GroupMe and a producer beside them. */
export interface SystemUnderTest {
  readonly namespace: Namespace;
  readonly simulator: Simulator;
  readonly gatewayUrl: string;
  readonly database: pg.Pool;
  service(app: App): ServiceProcess;
  /** Ends the app by SIGKILL and starts it again; returns once it is ready. */
  killAndRestart(app: App): Promise<void>;
  /** Publishes persistently; goes on trying, with the same bytes, while the broker is away. */
  publish(key: string, body: unknown): Promise<void>;
  /** POST /send; goes on trying, with the same id, until it is accepted. */
  send(source: string, body: string, messageId: string): Promise<void>;
  /** What the bot's posts say, in the order of the chat. */
  posts(): string[];
  count(table: string, where?: string): Promise<number>;
  onStop(release: () => Promise<unknown>): void;
  /** Stops what has not been stopped yet; goes on past failures. @throws AggregateError of those, at the end. */
  stop(): Promise<void>;
}

const PASSWORD = 'a-password-for-tests-only';
const CALLBACK_SECRET = 'a-callback-secret-for-tests';

export interface SystemOptions {
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  readonly relayEnv?: Record<string, string>;
  /** With the moderator, which most tests have no use for. */
  readonly moderator?: boolean;
}

type Release = () => Promise<unknown>;

/** Starts everything. A start that fails leaves nothing behind. */
export async function startSystem(options: SystemOptions): Promise<SystemUnderTest> {
  const releases: Release[] = [];
  try {
    return await startParts(options, releases);
  } catch (error) {
    // Why it did not start matters more than what could not be undone.
    await releaseAll(releases).catch(() => undefined);
    throw error;
  }
}

/** Last in, first out, each once, and past those that fail. */
async function releaseAll(releases: Release[]): Promise<void> {
  const failures: unknown[] = [];
  for (let release = releases.pop(); release; release = releases.pop()) {
    await release().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not all of the system could be stopped');
}

async function startParts(options: SystemOptions, releases: Release[]): Promise<SystemUnderTest> {
  const { brokerUrl } = options;
  const namespace = createNamespace();
  releases.push(() => deleteNamespace(brokerUrl, namespace));
  const { url: databaseUrl, drop } = await createDatabase(options.databaseUrl);
  releases.push(drop);
  const database = new pg.Pool({ connectionString: databaseUrl });
  database.on('error', () => undefined);
  releases.push(() => database.end());
  const gatewayPort = await lastingPort();
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const simulator = await startSimulator({ callbackUrl: `${gatewayUrl}/callback/${CALLBACK_SECRET}` });
  releases.push(() => simulator.stop());

  const common = {
    RABBITMQ_URL: brokerUrl,
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    HEALTH_HOST: '127.0.0.1',
  };
  const environments: Record<App, Record<string, string>> = {
    'audit-logger': { ...common, DATABASE_URL: databaseUrl },
    relay: {
      ...common,
      GROUPME_BOT_ID: simulator.botId,
      GROUPME_ACCESS_TOKEN: simulator.accessToken,
      GROUPME_API_URL: simulator.apiUrl,
      GROUPME_IMAGE_URL: simulator.imageUrl,
      GROUPME_RATE_PER_SECOND: '0',
      IMAGE_ALLOW_HOSTS: '127.0.0.1',
      ...options.relayEnv,
    },
    gateway: {
      ...common,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(gatewayPort),
      APP_PASSWORD: PASSWORD,
      GROUPME_CALLBACK_SECRET: CALLBACK_SECRET,
      GROUPME_BOT_ID: simulator.botId,
      RATE_LIMIT_SEND: '0',
    },
    moderator: { ...common, DATABASE_URL: databaseUrl, GROUPME_GROUP_ID: simulator.groupId },
  };
  const services = new Map<App, ServiceProcess>();

  async function start(app: App): Promise<void> {
    const service = await spawnService({ app, env: environments[app] });
    services.set(app, service);
    await service.waitUntilReady();
  }
  releases.push(() => Promise.all([...services.values()].map((service) => service.kill())));
  const apps = (Object.keys(environments) as App[]).filter((app) => app !== 'moderator' || options.moderator);
  // All of them, so that none is on its way still when a failure is cleared away.
  const starts = await Promise.allSettled(apps.map(start));
  for (const result of starts) if (result.status === 'rejected') throw result.reason;

  let producer: Promise<ConfirmChannel> | undefined;
  async function openProducer(): Promise<ConfirmChannel> {
    const connection = await connectAmqp(brokerUrl);
    connection.on('close', () => {
      producer = undefined;
    });
    releases.push(() => connection.close().catch(() => undefined));
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    return channel;
  }

  const service = (app: App): ServiceProcess => {
    const found = services.get(app);
    if (!found) throw new Error(`${app} does not run`);
    return found;
  };

  return {
    namespace,
    simulator,
    gatewayUrl,
    database,
    service,
    async killAndRestart(app) {
      await service(app).kill();
      await start(app);
    },
    async publish(key, body) {
      const content = Buffer.from(JSON.stringify(body));
      await waitFor(
        async () => {
          producer ??= openProducer();
          try {
            await publishRaw(await producer, namespace.exchange, key, content);
            return true;
          } catch {
            producer = undefined;
            return false;
          }
        },
        { what: 'the broker taking a message', timeoutMs: 60_000, intervalMs: 200 },
      );
    },
    async send(source, body, messageId) {
      await waitFor(
        async () => {
          const answer = await fetch(`${gatewayUrl}/send`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ password: PASSWORD, source, body, wbor_message_id: messageId }),
          });
          return answer.status === 202;
        },
        { what: 'the gateway taking a message', timeoutMs: 60_000, intervalMs: 100 },
      );
    },
    posts: () =>
      simulator
        .messages()
        .filter((message) => message.sender_type === 'bot')
        .map((message) => message.text ?? ''),
    async count(table, where = 'true') {
      const { rows } = await database.query(`SELECT count(*) FROM ${table} WHERE ${where}`);
      return Number(rows[0].count);
    },
    onStop: (release) => releases.push(release),
    stop: () => releaseAll(releases),
  };
}
