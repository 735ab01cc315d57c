import { type BrokerAddress, type BrokerInspection, inspectBroker } from '@wbor/amqp';
import { endsWithin } from '@wbor/async';
import type { Namespace } from '@wbor/contracts';
import { type DatabaseInspection, inspectDatabase } from '@wbor/database';
import { createGroupMeClient, type GroupMeClient } from '@wbor/groupme';
import { relaySettings } from '@wbor/relay/config';
import {
  brokerAddress,
  brokerNamespace,
  brokerSettings,
  ConfigError,
  databaseSettings,
  parseConfig,
  requireBroker,
} from '@wbor/service';
import { z } from 'zod';
import type { Environment } from './environment.ts';
import type { ServiceName } from './services.ts';

/** A broker as one or several services see it: same address, same user, same names. */
export interface BrokerSeen {
  readonly services: readonly ServiceName[];
  readonly address: BrokerAddress;
  readonly namespace: Namespace;
  /** One connection for all checks. Rejects as {@link inspectBroker} does. */
  inspect(): Promise<BrokerInspection>;
}

/** A database as one or several services see it. */
export interface DatabaseSeen {
  readonly services: readonly ServiceName[];
  readonly url: string;
  /** Asked once for all checks. Rejects as {@link inspectDatabase} does. */
  inspect(): Promise<DatabaseInspection>;
}

/** GroupMe as the relay sees it. */
export interface GroupMeSeen {
  readonly client: GroupMeClient;
  readonly apiUrl: string;
  readonly botId: string;
  readonly hasToken: boolean;
  readonly groupId: string | undefined;
}

/** What the checks look at. */
export interface Patient {
  readonly environments: ReadonlyMap<ServiceName, Environment>;
  readonly brokers: readonly BrokerSeen[];
  readonly databases: readonly DatabaseSeen[];
  /** Undefined where the relay is not looked at, or its settings do not say. */
  readonly groupMe: GroupMeSeen | undefined;
  readonly nowMs: () => number;
  close(): Promise<void>;
}

const brokerPart = z.object(brokerSettings()).check(requireBroker);
const databasePart = z.object(databaseSettings());
const groupMePart = z.object({
  GROUPME_BOT_ID: relaySettings.shape.GROUPME_BOT_ID,
  GROUPME_ACCESS_TOKEN: relaySettings.shape.GROUPME_ACCESS_TOKEN,
  GROUPME_GROUP_ID: relaySettings.shape.GROUPME_GROUP_ID,
  GROUPME_API_URL: relaySettings.shape.GROUPME_API_URL,
  GROUPME_IMAGE_URL: relaySettings.shape.GROUPME_IMAGE_URL,
});

/** Services that have a database. */
const WITH_DATABASE: readonly ServiceName[] = ['audit-logger', 'moderator', 'console'];
const GROUPME_TIMEOUT_MS = 8_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** Opens nothing yet: what a check asks for is opened then. A setting that is wrong keeps only what needs it from being looked at. */
export function createPatient(
  environments: ReadonlyMap<ServiceName, Environment>,
  nowMs: () => number = Date.now,
): Patient {
  const closers: (() => Promise<void>)[] = [];
  const groupMe = seeGroupMe(environments.get('relay'));
  if (groupMe) closers.push(() => groupMe.client.close());
  return {
    environments,
    brokers: seeBrokers(environments, closers),
    databases: seeDatabases(environments),
    groupMe,
    nowMs,
    async close() {
      await endsWithin(Promise.allSettled(closers.map((close) => close())), CLOSE_TIMEOUT_MS);
    },
  };
}

/** A part of a service's settings; undefined when something in it is wrong, which the check of the configuration says. */
export function readPart<Schema extends z.ZodType>(
  schema: Schema,
  env: Environment | undefined,
): z.infer<Schema> | undefined {
  if (env === undefined) return undefined;
  try {
    return parseConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function seeBrokers(
  environments: ReadonlyMap<ServiceName, Environment>,
  closers: (() => Promise<void>)[],
): BrokerSeen[] {
  const seen = [...environments].flatMap(([name, env]) => {
    const config = readPart(brokerPart, env);
    if (config === undefined) return [];
    return [{ name, address: brokerAddress(config), namespace: brokerNamespace(config) }];
  });
  const groups = Object.groupBy(seen, ({ address, namespace }) => JSON.stringify([address, namespace]));
  return Object.values(groups).flatMap((group = []) => {
    const [first] = group;
    if (first === undefined) return [];
    const inspect = once(() => inspectBroker(first.address));
    closers.push(async () => (await inspect.begun())?.close());
    return [{ ...first, services: group.map(({ name }) => name), inspect: inspect.get }];
  });
}

function seeDatabases(environments: ReadonlyMap<ServiceName, Environment>): DatabaseSeen[] {
  const seen = WITH_DATABASE.flatMap((name) => {
    const config = readPart(databasePart, environments.get(name));
    return config === undefined ? [] : [{ name, url: config.DATABASE_URL.reveal() }];
  });
  return Object.entries(Object.groupBy(seen, ({ url }) => url)).map(([url, group = []]) => ({
    url,
    services: group.map(({ name }) => name),
    inspect: once(() => inspectDatabase(url)).get,
  }));
}

function seeGroupMe(env: Environment | undefined): GroupMeSeen | undefined {
  const config = readPart(groupMePart, env);
  if (config === undefined) return undefined;
  const botId = config.GROUPME_BOT_ID.reveal();
  const client = createGroupMeClient({
    apiUrl: config.GROUPME_API_URL,
    imageUrl: config.GROUPME_IMAGE_URL,
    botId,
    accessToken: config.GROUPME_ACCESS_TOKEN?.reveal(),
    userAgent: 'wbor-groupme/doctor',
    responseTimeoutMs: GROUPME_TIMEOUT_MS,
  });
  return {
    client,
    apiUrl: config.GROUPME_API_URL,
    botId,
    hasToken: config.GROUPME_ACCESS_TOKEN !== undefined,
    groupId: config.GROUPME_GROUP_ID,
  };
}

/** Does the work when it is first asked for. `begun` says what came of it, and does not begin it. */
function once<Value>(work: () => Promise<Value>): {
  get(): Promise<Value>;
  begun(): Promise<Value | undefined>;
} {
  let result: Promise<Value> | undefined;
  return {
    get() {
      result ??= work();
      return result;
    },
    begun: async () => result?.catch(() => undefined),
  };
}
