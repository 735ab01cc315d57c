import {
  auditParkedQueue,
  auditQueues,
  isFamily,
  messageCatalogue,
  moderatorParkedQueue,
  moderatorQueues,
  type Namespace,
  ownExchange,
  type Party,
  type QueueDefinition,
  queueName,
  RELAY_DELIVERY_LOCK,
  relayParkedQueue,
  relayQueues,
  relayStandardQueue,
  relayTwilioQueue,
  serviceOf,
  topicExpression,
  writeRules,
} from '@wbor/contracts';
import { anyOf, exactly, NOTHING, SERVER_NAMED } from './expressions.ts';

/** Every user of the broker that there may be, beside its administrator. */
export const brokerUserNames = [
  'relay',
  'gateway',
  'audit-logger',
  'moderator',
  'console',
  'sms-service',
  'producer',
  'studio-dashboard',
  'wbor-endec',
  'wbor-ups',
  'wbor-failsafe-notifier',
  'operator',
] as const;
export type BrokerUserName = (typeof brokerUserNames)[number];

/** What a user may do: regular expressions as RabbitMQ's `set_permissions` takes them. */
export interface BrokerUser {
  /** With the prefix of the deployment. */
  readonly name: string;
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  /** Which keys, exchange by exchange. Without an entry the broker would allow all keys of an exchange. */
  readonly topics: readonly TopicRight[];
}

interface TopicRight {
  readonly exchange: string;
  readonly write: string;
  readonly read: string;
}

export interface RightsOptions {
  readonly namespace: Namespace;
  /** Exchanges of other programs, which those write to and the relay binds its queue to. */
  readonly notificationsExchanges: readonly string[];
  /** Who may declare the shared exchange, as older programs do at each start. Whoever may do that may delete it. */
  readonly mayDeclare: readonly BrokerUserName[];
}

const PARTIES: Readonly<Partial<Record<BrokerUserName, Party>>> = {
  relay: 'relay',
  gateway: 'gateway',
  moderator: 'moderator',
  console: 'console',
  'sms-service': 'SMS service',
  producer: 'producers',
  'studio-dashboard': 'studio dashboard',
  'wbor-endec': 'wbor-endec',
  'wbor-ups': 'wbor-ups',
  'wbor-failsafe-notifier': 'wbor-failsafe-notifier',
};

const QUEUES: readonly QueueDefinition[] = [...relayQueues, ...auditQueues, ...moderatorQueues];

/** What the console follows live: all that goes into the chat and comes out of it. */
const FOLLOWED_KEYS = 'source.#';

/** The SMS service's own queue, which it declares and binds to keys of its own. */
const SMS_SERVICE_QUEUE = 'outgoing_sms';

/** RabbitMQ's name of the default exchange in permissions. Whoever may write to it may write into every queue. */
const DEFAULT_EXCHANGE = 'amq.default';

interface Names {
  readonly configure: readonly string[];
  readonly write: readonly string[];
  readonly read: readonly string[];
}

/** All users and what they may do; made of who publishes and who consumes what. */
export function brokerUsers(options: RightsOptions): BrokerUser[] {
  return brokerUserNames.map((name) => {
    const rights = namesOf(name, options);
    return {
      name: `${options.namespace.queuePrefix}${name}`,
      configure: anyOf(rights.configure),
      write: anyOf(rights.write),
      read: anyOf(rights.read),
      topics: topicsOf(name, options),
    };
  });
}

function topicsOf(name: BrokerUserName, { namespace, notificationsExchanges }: RightsOptions): TopicRight[] {
  const party = PARTIES[name];
  const onNotifications = (exchange: string): TopicRight => ({
    exchange,
    write: anyOf(writtenKeys(party, 'notifications')),
    // Which keys, the relay's NOTIFICATION_KEYS say.
    read: name === 'relay' ? '.*' : NOTHING,
  });
  return [
    {
      exchange: namespace.exchange,
      write: anyOf(writtenKeys(party, 'source')),
      read: anyOf(heardKeys(party)),
    },
    ...notificationsExchanges.map(onNotifications),
  ];
}

/** Expressions of the keys that a party writes on a topic exchange. */
function writtenKeys(party: Party | undefined, exchange: 'source' | 'notifications'): string[] {
  const all = writeRules.filter((rule) => rule.exchange === exchange);
  const keys = all
    .filter(({ writers }) => party !== undefined && writers.includes(party))
    .map(({ isFamily: hasMore, key }) => {
      if (!hasMore) return topicExpression(key);
      const ofOthers = all
        .filter((it) => it.key.startsWith(`${key}.`) && party && !it.writers.includes(party))
        .map((it) => `(?!${topicExpression(it.key.slice(key.length + 1))}$)`);
      return `${topicExpression(key)}(?:\\.${ofOthers.join('')}[^.]+)?`;
    });
  return party === 'SMS service' && exchange === 'source' ? [...keys, ...smsKeys()] : keys;
}

/** The SMS service tells others more than the chat, under keys that are all its own. */
function smsKeys(): string[] {
  return relayTwilioQueue.bindings.map(topicExpression);
}

/** Expressions of the keys that a party may bind a queue of its own to. */
function heardKeys(party: Party | undefined): string[] {
  if (party === 'SMS service') return smsKeys();
  const heard = Object.values(messageCatalogue)
    .filter(({ listeners = [] }) => party !== undefined && listeners.includes(party))
    .map((message) => `${topicExpression(message.key)}${isFamily(message) ? '(?:\\.[^.]+)?' : ''}`);
  return party === 'console' ? [topicExpression(FOLLOWED_KEYS), ...heard] : heard;
}

function namesOf(name: BrokerUserName, options: RightsOptions): Names {
  const { mayDeclare, namespace } = options;
  const { configure, read, write } = namesByKind(name, options);
  return {
    configure: mayDeclare.includes(name) ? [...configure, exactly(namespace.exchange)] : configure,
    read,
    write,
  };
}

function namesByKind(name: BrokerUserName, { namespace, notificationsExchanges }: RightsOptions): Names {
  const exchange = exactly(namespace.exchange);
  const foreign = notificationsExchanges.map(exactly);
  switch (name) {
    case 'relay': {
      const browsed = beside(QUEUES.filter(isOf('relay')), namespace);
      const isNotified = foreign.length > 0;
      return {
        configure: [
          SERVER_NAMED,
          ...browsed.locks,
          ...browsed.notes,
          exactly(`${namespace.queuePrefix}${RELAY_DELIVERY_LOCK}`),
        ],
        write: [
          exchange,
          // For replies, which go to whatever queue their producer names; and so for all that it sends itself.
          exactly(DEFAULT_EXCHANGE),
          SERVER_NAMED,
          ...(isNotified ? [exactly(queueName(relayStandardQueue, namespace))] : []),
        ],
        read: [exchange, SERVER_NAMED, ...fullNames('relay', namespace), ...browsed.notes, ...foreign],
      };
    }
    case 'gateway':
      return {
        configure: [SERVER_NAMED],
        write: [exchange, exactly(ownExchange(name, [], namespace).name), SERVER_NAMED],
        read: [exchange, SERVER_NAMED],
      };
    case 'moderator':
    case 'audit-logger': {
      const own = exactly(ownExchange(name, [], namespace).name);
      const browsed = beside(
        QUEUES.filter((queue) => isOf(name)(queue) && queue.deadLetterQueue === null),
        namespace,
      );
      const ofExchange = name === 'moderator' ? [exchange, SERVER_NAMED] : [];
      return {
        configure: [...browsed.locks, ...browsed.notes, ...(name === 'moderator' ? [SERVER_NAMED] : [])],
        write: [own, ...browsed.notes, ...ofExchange],
        read: [own, ...browsed.notes, ...fullNames(name, namespace), ...ofExchange],
      };
    }
    case 'sms-service': {
      const queues = [SERVER_NAMED, exactly(SMS_SERVICE_QUEUE)];
      return { configure: queues, write: [exchange, ...queues], read: [exchange, ...queues] };
    }
    case 'producer':
      // A queue for replies, which needs no binding.
      return { configure: [SERVER_NAMED], write: [exchange], read: [SERVER_NAMED] };
    case 'studio-dashboard':
      return { configure: [SERVER_NAMED], write: [SERVER_NAMED], read: [exchange, SERVER_NAMED] };
    case 'operator':
      return browsing(
        QUEUES.filter(({ deadLetterQueue }) => deadLetterQueue === null),
        namespace,
      );
    case 'console': {
      const { configure, read, write } = browsing(
        [relayParkedQueue, auditParkedQueue, moderatorParkedQueue],
        namespace,
      );
      return {
        configure: [SERVER_NAMED, ...configure],
        write: [exchange, SERVER_NAMED, ...write],
        read: [exchange, SERVER_NAMED, ...read],
      };
    }
    default:
      // Programs with an exchange of their own, which they declare.
      return { configure: foreign, write: foreign, read: [] };
  }
}

function isOf(service: string): (queue: QueueDefinition) => boolean {
  return (queue) => serviceOf(queue) === service;
}

function fullNames(service: string, namespace: Namespace): string[] {
  return QUEUES.filter(isOf(service)).map((queue) => exactly(queueName(queue, namespace)));
}

/** What whoever looks into queues, and replays from them, may do. */
function browsing(queues: readonly QueueDefinition[], namespace: Namespace): Names {
  const { locks, notes } = beside(queues, namespace);
  return {
    configure: [...locks, ...notes],
    // A replay goes to whatever queue a message came from.
    write: [exactly(DEFAULT_EXCHANGE)],
    read: [...queues.map((queue) => exactly(queueName(queue, namespace))), ...notes],
  };
}

/** What a reader puts beside a queue, see `browser.ts` and `reading-note.ts` of `packages/amqp`. */
function beside(queues: readonly QueueDefinition[], namespace: Namespace) {
  const names = queues.map((queue) => queueName(queue, namespace));
  return {
    locks: names.map((name) => exactly(`${name}.reader`)),
    notes: names.map((name) => exactly(`${name}.reading`)),
  };
}
