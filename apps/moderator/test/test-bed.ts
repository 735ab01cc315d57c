import { type Broker, connectBroker } from '@wbor/amqp';
import {
  type BanList,
  banListMessage,
  type CommandEvent,
  callbackEvent,
  commandEvent,
  commandReply,
  deriveTopology,
  type MessageDefinition,
  moderatorQueues,
} from '@wbor/contracts';
import { migrateToLatest } from '@wbor/database';
import { createSenderNormaliser } from '@wbor/phone';
import { parseConfig } from '@wbor/service';
import { createTestServiceContext } from '@wbor/service/testing';
import { createStationClock } from '@wbor/station-clock';
import {
  createDatabase,
  createNamespace,
  deleteNamespace,
  type ServiceProcess,
  spawnService,
  spyOnExchange,
} from '@wbor/testkit';
import pg from 'pg';
import { inject, vi } from 'vitest';
import { moderatorSettings } from '../src/config.ts';
import type { CommandTools } from '../src/intake/run-command.ts';
import { startModerator } from '../src/start.ts';

export const GROUP_ID = '1234567890';
const WAIT = { timeout: 30_000, interval: 20 };

/** What commands work with, for a test that runs one without a moderator. */
export const commandTools: CommandTools = {
  clock: createStationClock('America/New_York'),
  normaliseSender: createSenderNormaliser('US'),
  describeRelays: () => undefined,
};

/** A broker namespace and a migrated database of one test, and moderators on them. */
export type TestBed = Awaited<ReturnType<typeof createTestBed>>;

/** `heard`: what the test listens to; a listener counts as somebody who takes a message. */
export async function createTestBed(heard = '#') {
  const namespace = createNamespace();
  const database = await createDatabase(inject('databaseUrl'));
  await migrateToLatest({ connectionString: database.url });
  const pool = new pg.Pool({ connectionString: database.url });
  pool.on('error', () => undefined);
  const broker: Broker = await connectBroker({
    url: inject('brokerUrl'),
    appId: 'test',
    topology: deriveTopology(moderatorQueues, namespace),
    logger: createTestServiceContext().context.logger,
  });
  const spy = await spyOnExchange(inject('brokerUrl'), namespace.exchange, heard);
  const releases: (() => unknown)[] = [];
  const settings = {
    RABBITMQ_URL: inject('brokerUrl'),
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    DATABASE_URL: database.url,
    GROUPME_GROUP_ID: GROUP_ID,
    // One manager types all that a test needs.
    COMMANDS_PER_MINUTE: '1000',
  };
  let lastId = BigInt(Date.now()) * 100_000n;

  function callback(text: string, changes: Record<string, unknown> = {}) {
    lastId += 1n;
    const id = String(lastId);
    return {
      attachments: [],
      avatar_url: null,
      created_at: Math.floor(Date.now() / 1000),
      group_id: GROUP_ID,
      id,
      name: 'Manager',
      sender_id: '77',
      user_id: '77',
      sender_type: 'user',
      source_guid: `guid-${id}`,
      system: false,
      text,
      source: 'groupme.callback',
      code: 200,
      type: 'log',
      wbor_message_id: `guid-${id}`,
      ...changes,
    };
  }
  // What a test delivers need be no callback.
  const deliver = (body: unknown) => broker.publish(callbackEvent as MessageDefinition, body);
  const published = (key: string) => spy.messages.filter(({ routingKey }) => routingKey === key);
  const reports = () => published(commandEvent.key).map(({ json }) => json as CommandEvent);

  return {
    namespace,
    databaseUrl: database.url,
    pool,
    spy,
    callback,
    deliver,
    published,
    reports,
    replies: () => published(commandReply.key).map(({ json }) => (json as { body: string }).body),
    lists: () => published(banListMessage.key).map(({ json }) => json as BanList),
    /** Types a command and gives what the moderator reports of it. */
    async type(text: string, changes: Record<string, unknown> = {}): Promise<CommandEvent> {
      const typed = callback(text, changes);
      await deliver(typed);
      const found = await spy.waitForMessage(
        ({ routingKey, json }) =>
          routingKey === commandEvent.key && (json as CommandEvent).callback_id === typed.id,
        30_000,
      );
      return found.json as CommandEvent;
    },
    /** A post as the audit logger stores it. */
    async addPost(id: string, values: Record<string, unknown> = {}): Promise<void> {
      const row = {
        wbor_message_id: id,
        source: 'twilio',
        text: `"Hello ${id}"\n---UID---\n${id.split('-')[0]}\n---------`,
        outcome: 'delivered',
        code: 202,
        sender: null,
        sender_name: null,
        picture_url: null,
        occurred_at: new Date(),
        ...values,
      };
      const names = Object.keys(row);
      await pool.query(
        `insert into groupme_posts (event_id, payload, ${names.join(', ')})
         values (gen_random_uuid(), '{}', ${names.map((_, index) => `$${index + 1}`).join(', ')})`,
        Object.values(row),
      );
    },
    async count(table: string, where = 'true'): Promise<number> {
      return Number((await pool.query(`select count(*) from ${table} where ${where}`)).rows[0].count);
    },
    /** Runs a moderator in this process; returns once it consumes. */
    async launch(environment: Record<string, string> = {}) {
      const { context, ...moderator } = createTestServiceContext();
      releases.push(moderator.stop);
      const config = parseConfig(moderatorSettings, { ...settings, ...environment });
      await startModerator(config, context, { backOffMs: () => 50 });
      // Neither relay nor audit-logger runs here, which the moderator says after a while.
      const notices = () => moderator.notices().filter((notice) => !/^no \S+ consumes /.test(notice));
      return { ...moderator, notices };
    },
    /** Runs `src/main.ts` as it is deployed. */
    async spawn(environment: Record<string, string> = {}): Promise<ServiceProcess> {
      const service = await spawnService({
        app: 'moderator',
        env: { ...settings, HEALTH_HOST: '127.0.0.1', ...environment },
      });
      releases.push(() => service.kill());
      await service.waitUntilReady();
      return service;
    },
    broker,
    onDispose: (release: () => unknown) => releases.push(release),
    async dispose() {
      for (const release of releases.reverse()) await release();
      await spy.close();
      await broker.close();
      await pool.end();
      await database.drop();
      await deleteNamespace(inject('brokerUrl'), namespace);
    },
  };
}

/** Polls until the check does not throw any more. */
export function eventually(check: () => unknown): Promise<unknown> {
  return vi.waitFor(check, WAIT);
}
