import { randomUUID } from 'node:crypto';
import type { Namespace } from '@wbor/contracts';
import type { Simulator } from '@wbor/groupme-simulator';
import { type App, createReleases, PASSWORD, type Releases, startSystem } from '@wbor/start-system';
import {
  connectAmqp,
  createDatabase,
  createNamespace,
  deleteNamespace,
  publishRaw,
  type ServiceProcess,
  waitFor,
} from '@wbor/testkit';
import type { ConfirmChannel } from 'amqplib';
import pg from 'pg';

/** All services on one broker and one database, with a GroupMe and a producer beside them. */
export interface SystemUnderTest {
  readonly namespace: Namespace;
  readonly simulator: Simulator;
  readonly gatewayUrl: string;
  readonly consoleUrl: string;
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

export interface SystemUnderTestOptions {
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  readonly relayEnv?: Record<string, string>;
  readonly gatewayEnv?: Record<string, string>;
  /** Of every service. */
  readonly env?: Record<string, string>;
  /** With the moderator, which most tests have no use for. */
  readonly moderator?: boolean;
  /** With the console, and a relay that tells it how far messages are. */
  readonly console?: boolean;
}

/** Starts everything, under names and with a database of its own. A start that fails leaves nothing behind. */
export async function startSystemUnderTest(options: SystemUnderTestOptions): Promise<SystemUnderTest> {
  const releases = createReleases();
  try {
    return await startParts(options, releases);
  } catch (error) {
    // Why it did not start matters more than what could not be undone.
    await releases.releaseAll().catch(() => undefined);
    throw error;
  }
}

async function startParts(options: SystemUnderTestOptions, releases: Releases): Promise<SystemUnderTest> {
  const { brokerUrl } = options;
  const namespace = createNamespace();
  releases.add(() => deleteNamespace(brokerUrl, namespace));
  const { url: databaseUrl, drop } = await createDatabase(options.databaseUrl);
  releases.add(drop);
  const database = new pg.Pool({ connectionString: databaseUrl });
  database.on('error', () => undefined);
  releases.add(() => database.end());

  const apps: App[] = [
    'audit-logger',
    'relay',
    'gateway',
    ...(options.moderator ? ['moderator' as const] : []),
    ...(options.console ? ['console' as const] : []),
  ];
  const { consoleUrl, gatewayUrl, service, simulator, spawn } = await startSystem({
    brokerUrl,
    databaseUrl,
    namespace,
    processes: Object.fromEntries(apps.map((app) => [app, app])),
    env: {
      // Without a group the relay has only echoes to go by; tests that want it to read the chat say so.
      relay: {
        GROUPME_RATE_PER_SECOND: '0',
        GROUPME_GROUP_ID: '',
        PROGRESS_EVENTS: String(options.console ?? false),
        ...options.env,
        ...options.relayEnv,
      },
      gateway: { RATE_LIMIT_SEND: '0', ...options.env, ...options.gatewayEnv },
      'audit-logger': { ...options.env },
      moderator: { ...options.env },
      console: { ...options.env },
    },
    releases,
  });
  // Nothing has to be drained for the next test.
  releases.add(() => Promise.all(apps.map((app) => service(app).kill())));

  let producer: Promise<ConfirmChannel> | undefined;
  async function openProducer(): Promise<ConfirmChannel> {
    const connection = await connectAmqp(brokerUrl);
    connection.on('close', () => {
      producer = undefined;
    });
    releases.add(() => connection.close().catch(() => undefined));
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    return channel;
  }

  return {
    namespace,
    simulator,
    gatewayUrl,
    consoleUrl,
    database,
    service,
    async killAndRestart(app) {
      await service(app).kill();
      await (await spawn(app)).waitUntilReady();
    },
    async publish(key, body) {
      const content = Buffer.from(JSON.stringify(body));
      // What is published again is the same message: without an id it would be posted twice, as it should.
      const messageId = randomUUID();
      await waitFor(
        async () => {
          producer ??= openProducer();
          try {
            await publishRaw(await producer, namespace.exchange, key, content, { messageId });
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
    onStop: releases.add,
    stop: releases.releaseAll,
  };
}
