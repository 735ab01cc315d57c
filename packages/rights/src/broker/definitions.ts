import {
  auditQueues,
  deriveTopology,
  type FencedService,
  moderatorQueues,
  ownExchange,
  relayQueues,
} from '@wbor/contracts';
import type { Secret } from '@wbor/service';
import { HASHING_ALGORITHM, hashPassword } from './password-hash.ts';
import { type BrokerUserName, brokerUserNames, brokerUsers, type RightsOptions } from './users.ts';

export interface DefinitionsOptions extends RightsOptions {
  readonly vhost: string;
  /** Users without a password are left out. */
  readonly passwords: Readonly<Partial<Record<BrokerUserName, Secret>>>;
  /** For a broker that is empty, and so has nobody else to administer it. */
  readonly administrator?: { readonly name: string; readonly password: Secret } | undefined;
}

const FENCED: readonly FencedService[] = ['gateway', 'audit-logger', 'moderator'];

/**
 * A definitions file for RabbitMQ 3.10 to 4: users with their rights, and all exchanges, queues and bindings, since no service
 * may declare those. Importing it again changes passwords and rights, and leaves queues and what is in them alone.
 */
export function buildDefinitions(options: DefinitionsOptions): object {
  const { administrator, namespace, passwords, vhost } = options;
  const all = brokerUsers(options);
  const users = brokerUserNames.flatMap((name, index) => {
    const [password, user] = [passwords[name], all[index]];
    return password && user ? [{ ...user, password }] : [];
  });
  const queues = [...relayQueues, ...auditQueues, ...moderatorQueues];
  const topology = deriveTopology(queues, namespace);
  const own = FENCED.map((service) => ownExchange(service, queues, namespace));
  const admins = administrator ? [administrator] : [];
  const bind = (source: string, queue: string, key: string) => ({
    source,
    vhost,
    destination: queue,
    destination_type: 'queue',
    routing_key: key,
    arguments: {},
  });
  return {
    vhosts: [{ name: vhost }],
    users: [
      ...admins.map(({ name, password }) => userOf(name, password, 'administrator')),
      ...users.map(({ name, password }) => userOf(name, password, '')),
    ],
    permissions: [
      ...admins.map(({ name }) => ({ user: name, vhost, configure: '.*', write: '.*', read: '.*' })),
      ...users.map(({ configure, name, read, write }) => ({ user: name, vhost, configure, write, read })),
    ],
    topic_permissions: users.flatMap(({ name, topics }) =>
      topics.map((topic) => ({ user: name, vhost, ...topic })),
    ),
    exchanges: [
      exchangeOf(topology.exchange.name, vhost, 'topic'),
      ...own.map(({ name }) => exchangeOf(name, vhost, 'direct')),
    ],
    queues: topology.queues.map(({ arguments: declared, name }) => ({
      name,
      vhost,
      durable: true,
      auto_delete: false,
      arguments: declared,
    })),
    bindings: [
      ...topology.queues.flatMap(({ bindings, name }) =>
        bindings.map((pattern) => bind(topology.exchange.name, name, pattern)),
      ),
      ...own.flatMap((exchange) => exchange.queues.map((queue) => bind(exchange.name, queue, queue))),
    ],
  };
}

function userOf(name: string, password: Secret, tags: string): object {
  return { name, password_hash: hashPassword(password.reveal()), hashing_algorithm: HASHING_ALGORITHM, tags };
}

function exchangeOf(name: string, vhost: string, type: string): object {
  return { name, vhost, type, durable: true, auto_delete: false, internal: false, arguments: {} };
}
