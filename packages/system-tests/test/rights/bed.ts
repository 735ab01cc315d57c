import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Broker, connectBroker } from '@wbor/amqp';
import { deriveTopology, relayQueues } from '@wbor/contracts';
import { grantRoles, roleNames, roleOf } from '@wbor/database';
import { type BrokerUserName, brokerUserNames, buildDefinitions } from '@wbor/rights';
import { Secret } from '@wbor/service';
import { createTestServiceContext } from '@wbor/service/testing';
import { createReleases, type System, startSystem } from '@wbor/start-system';
import { connectAmqp, createDatabase, createNamespace, startBroker, type TestBroker } from '@wbor/testkit';
import type { Channel, ConfirmChannel } from 'amqplib';
import pg from 'pg';

/** The whole system, each service with a user of its own, and a broker of its own to have users. */
export interface RightsBed {
  readonly broker: TestBroker;
  readonly system: System;
  /** Of who may do everything. */
  readonly admin: ConfirmChannel;
  readonly owner: pg.Pool;
  /** Runs work as a user, on a connection of its own. Resolves with the broker's refusal, or undefined when it allows it. */
  tryAs(
    user: BrokerUserName,
    work: (channel: ConfirmChannel) => Promise<unknown> | unknown,
  ): Promise<string | undefined>;
  /** Runs a statement as a role of Postgres, with its password or another one. Resolves with the SQLSTATE of a refusal, or undefined. */
  queryAs(role: (typeof roleNames)[number], statement: string, secret?: string): Promise<string | undefined>;
  /** The broker with a user's rights, as a service sees it. */
  connectAs(user: BrokerUserName): Promise<Broker>;
  count(queue: string): Promise<number>;
  /** What an operator's command gets: the broker as `operator`, Postgres as its owner. */
  readonly operatorEnv: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const password = (name: string): string => `password-of-${name}`;

export async function startRightsBed(databaseServerUrl: string): Promise<RightsBed> {
  const releases = createReleases();
  try {
    return await startParts(databaseServerUrl, releases);
  } catch (error) {
    await releases.releaseAll().catch(() => undefined);
    throw error;
  }
}

async function startParts(
  databaseServerUrl: string,
  releases: ReturnType<typeof createReleases>,
): Promise<RightsBed> {
  const namespace = createNamespace();
  const broker = await startBroker({ private: true });
  releases.add(() => broker.dispose());
  await importDefinitions(broker, namespace);

  const database = await createDatabase(databaseServerUrl);
  releases.add(database.drop);
  // Roles are the whole server's: other runs have theirs.
  const prefix = `test_${randomBytes(4).toString('hex').replaceAll(/\d/g, 'x')}_`;
  const owner = new pg.Pool({ connectionString: database.url, max: 2 });
  owner.on('error', () => undefined);
  const rights = {
    url: database.url,
    prefix,
    passwords: Object.fromEntries(roleNames.map((name) => [name, new Secret(password(name))])),
  };
  await grantRoles(rights);
  // As after each update.
  await grantRoles(rights);
  releases.add(async () => {
    const roles = roleNames.map((name) => roleOf(name, prefix)).join(', ');
    await owner.query(`drop owned by ${roles}`);
    await owner.query(`drop role ${roles}`);
    await owner.end();
  });

  const brokerUrl = (name: string): string =>
    withUser(broker.url, `${namespace.queuePrefix}${name}`, password(name));
  const databaseUrl = (name: (typeof roleNames)[number]): string =>
    withUser(database.url, roleOf(name, prefix), password(name));
  const fenced = (name: string) => ({ RABBITMQ_URL: brokerUrl(name), RABBITMQ_DECLARE: 'false' });
  const system = await startSystem({
    brokerUrl: 'amqp://nobody:nothing@127.0.0.1:1',
    databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
    namespace,
    processes: {
      'audit-logger': 'audit-logger',
      relay: 'relay',
      gateway: 'gateway',
      moderator: 'moderator',
      console: 'console',
    },
    env: {
      relay: { ...fenced('relay'), GROUPME_RATE_PER_SECOND: '0', PROGRESS_EVENTS: 'true' },
      gateway: fenced('gateway'),
      'audit-logger': { ...fenced('audit-logger'), DATABASE_URL: databaseUrl('audit_logger') },
      moderator: { ...fenced('moderator'), DATABASE_URL: databaseUrl('moderator') },
      console: { ...fenced('console'), DATABASE_URL: databaseUrl('console') },
    },
    releases,
  });

  const connection = await connectAmqp(broker.url);
  releases.add(() => connection.close());
  const admin = await connection.createConfirmChannel();

  return {
    broker,
    system,
    admin,
    owner,
    tryAs: (user, work) => tryOn(brokerUrl(user), work),
    queryAs: (role, statement, secret = password(role)) =>
      queryOn(withUser(database.url, roleOf(role, prefix), secret), statement),
    connectAs: (user) =>
      connectBroker({
        url: brokerUrl(user),
        appId: user,
        topology: deriveTopology(relayQueues, { ...namespace, isDeclared: true }),
        logger: createTestServiceContext().context.logger,
      }),
    count: async (queue) => (await admin.checkQueue(`${namespace.queuePrefix}${queue}`)).messageCount,
    operatorEnv: {
      ...fenced('operator'),
      RABBITMQ_EXCHANGE: namespace.exchange,
      QUEUE_PREFIX: namespace.queuePrefix,
      DATABASE_URL: database.url,
    },
    stop: releases.releaseAll,
  };
}

async function importDefinitions(
  broker: TestBroker,
  namespace: ReturnType<typeof createNamespace>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wbor-rights-'));
  try {
    const file = join(folder, 'definitions.json');
    const definitions = buildDefinitions({
      namespace,
      vhost: '/',
      notificationsExchanges: [],
      mayDeclare: [],
      passwords: Object.fromEntries(brokerUserNames.map((name) => [name, new Secret(password(name))])),
    });
    await writeFile(file, JSON.stringify(definitions));
    await broker.control('import_definitions', file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function tryOn(
  url: string,
  work: (channel: ConfirmChannel) => Promise<unknown> | unknown,
): Promise<string | undefined> {
  const connection = await connectAmqp(url);
  try {
    const channel = await connection.createConfirmChannel();
    const refusal = new Promise<string>((resolve) => {
      channel.on('error', (error: Error) => resolve(error.message));
    });
    try {
      await work(channel);
      await channel.waitForConfirms();
      // What the channel is asked next is answered after what it was told before.
      await askSomething(channel);
      return undefined;
    } catch {
      return await refusal;
    }
  } finally {
    await connection.close().catch(() => undefined);
  }
}

async function askSomething(channel: Channel): Promise<void> {
  await channel.checkExchange('amq.direct');
}

async function queryOn(url: string, statement: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await client.query(statement);
    return undefined;
  } catch (error) {
    return (error as pg.DatabaseError).code;
  } finally {
    await client.end();
  }
}

function withUser(url: string, user: string, secret: string): string {
  const result = new URL(url);
  result.username = encodeURIComponent(user);
  result.password = encodeURIComponent(secret);
  return result.href;
}
