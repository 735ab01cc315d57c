import { defineQueue, defineTerminalQueue, type QueueDefinition } from './define.ts';
import { type Namespace, queueName } from './topology.ts';

export const DEFAULT_EXCHANGE_NAME = 'source_exchange';

/** Where the relay keeps what no retry can help, for a person to look at and replay. */
export const relayParkedQueue = defineTerminalQueue({ name: 'relay.parked' });

export const relayTwilioQueue = defineQueue({
  name: 'relay.twilio',
  bindings: ['source.twilio.#'],
  singleActiveConsumer: true,
  deadLetterQueue: relayParkedQueue.name,
});

export const relayStandardQueue = defineQueue({
  name: 'relay.standard',
  bindings: ['source.standard.#', 'source.azuracast.nowplaying', 'source.endec.alert'],
  singleActiveConsumer: true,
  deadLetterQueue: relayParkedQueue.name,
});

/** Planned messages on their way to GroupMe, one AMQP message each, with all parts inside. */
export const relayOutboxQueue = defineQueue({
  name: 'relay.outbox',
  singleActiveConsumer: true,
  deadLetterQueue: relayParkedQueue.name,
});

/** What may not wait behind the rest: emergencies. The deliverer always empties it first. */
export const relayOutboxUrgentQueue = defineQueue({
  name: 'relay.outbox.urgent',
  singleActiveConsumer: true,
  deadLetterQueue: relayParkedQueue.name,
});

/**
 * Name of the lock of the one relay that delivers: with two outboxes, a single active consumer on each would
 * let two relays post at once.
 */
export const RELAY_DELIVERY_LOCK = 'relay.delivery';

/**
 * The last API calls of whichever relay was active, as it logged them. A relay that is handed a message
 * which another began reads here how far that one got, and what the chat was seen to show. Losing it costs a
 * repeated part, never a message.
 */
export const relayJournalQueue = defineTerminalQueue({
  name: 'relay.journal',
  bindings: ['source.groupme.msg', 'source.groupme.echo'],
  maxLength: 600,
});

/** The newest word of what AzuraCast's stations do, for whichever relay reads next. Losing it costs a change that is not told. */
export const relayStationsQueue = defineTerminalQueue({ name: 'relay.stations', maxLength: 1 });

/** What Postgres could not be given and the broker gave up on. */
export const auditParkedQueue = defineTerminalQueue({ name: 'audit-logger.parked' });

export const auditEventsQueue = defineQueue({
  name: 'audit-logger.events',
  bindings: ['source.groupme.*'],
  deadLetterQueue: auditParkedQueue.name,
});

/** What the moderator could not work on and the broker gave up on. */
export const moderatorParkedQueue = defineTerminalQueue({ name: 'moderator.parked' });

/** One moderator at a time: a `!ban` and the `!unban` after it must not run the other way round. */
export const moderatorCallbacksQueue = defineQueue({
  name: 'moderator.callbacks',
  bindings: ['source.groupme.callback'],
  singleActiveConsumer: true,
  deadLetterQueue: moderatorParkedQueue.name,
});

/** What was banned and unbanned by SMS, one after the other too. */
export const moderatorSmsCommandsQueue = defineQueue({
  name: 'moderator.sms-commands',
  bindings: ['source.twilio.ban', 'source.twilio.unban'],
  singleActiveConsumer: true,
  deadLetterQueue: moderatorParkedQueue.name,
});

/** What is banned and unbanned in the console. */
export const moderatorRequestsQueue = defineQueue({
  name: 'moderator.requests',
  bindings: ['moderation.console'],
  singleActiveConsumer: true,
  deadLetterQueue: moderatorParkedQueue.name,
});

export const moderatorQueues: readonly QueueDefinition[] = [
  moderatorParkedQueue,
  moderatorCallbacksQueue,
  moderatorSmsCommandsQueue,
  moderatorRequestsQueue,
];

export const relayQueues: readonly QueueDefinition[] = [
  relayParkedQueue,
  relayJournalQueue,
  relayStationsQueue,
  relayOutboxUrgentQueue,
  relayOutboxQueue,
  relayTwilioQueue,
  relayStandardQueue,
];

export const auditQueues: readonly QueueDefinition[] = [auditParkedQueue, auditEventsQueue];

/**
 * What each service declares at its start: its own queues, and those that keep what it publishes until their reader
 * comes up.
 */
export const declaredQueues = {
  relay: [...relayQueues, ...auditQueues],
  gateway: [relayParkedQueue, relayStandardQueue, relayTwilioQueue, ...auditQueues],
  'audit-logger': auditQueues,
  moderator: [...moderatorQueues, relayParkedQueue, relayStandardQueue, ...auditQueues],
  console: [relayParkedQueue, relayStandardQueue, ...auditQueues, ...moderatorQueues],
} satisfies Record<string, readonly QueueDefinition[]>;

/** Full names of the queues whose messages are parked in that one: by the broker, or by the service that works on them. */
export function queuesParkedIn(
  parkedQueue: string,
  namespace: Pick<Namespace, 'queuePrefix'>,
): readonly string[] {
  return [...relayQueues, ...auditQueues, ...moderatorQueues]
    .filter(
      ({ deadLetterQueue }) =>
        deadLetterQueue !== null && queueName({ name: deadLetterQueue }, namespace) === parkedQueue,
    )
    .map((queue) => queueName(queue, namespace));
}
