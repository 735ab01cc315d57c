import { setTimeout as delay } from 'node:timers/promises';
import type { HandOver } from '@wbor/amqp';
import {
  deriveTopology,
  type Namespace,
  queueName,
  relayOutboxQueue,
  relayOutboxUrgentQueue,
  relayParkedQueue,
  relayQueues,
  relayStandardQueue,
  relayTwilioQueue,
} from '@wbor/contracts';
import type { TakeOverCommand } from './command.ts';

/** What was on its way to a queue when that was unbound is in it by then. */
const UNDER_WAY_MS = 1_000;

/** Keys that the Python service consumes; each lane has a queue of its and one of ours. */
const KEYS = { twilio: ['source.twilio.#'], standard: ['source.standard.#'] } as const;

interface Lane {
  readonly keys: readonly string[];
  readonly from: string;
  readonly to: string;
}

/** The exchange that a policy makes the alternate one, so that each message is in one of two queues, never in both or none. */
function handOverExchange({ exchange }: Pick<Namespace, 'exchange'>): string {
  return `${exchange}.take-over`;
}

/**
 * Runs a command.
 *
 * @returns the exit code: 0, or 3 when something is left.
 * @throws Error that says what to do first; nothing was moved then.
 */
export async function takeOver(
  command: TakeOverCommand,
  namespace: Namespace,
  broker: HandOver,
  say: (text: string) => void,
): Promise<number> {
  const alternate = handOverExchange(namespace);
  if (command.action === 'finish') {
    await broker.declareExchange(alternate);
    if (await broker.isAlternate(alternate, namespace.exchange))
      throw new Error('the policy is still there: rabbitmqctl clear_policy take-over');
    await broker.deleteExchange(alternate);
    say(`removed the exchange ${alternate}`);
    return 0;
  }

  const lanes = lanesOf(command, namespace);
  await requireIdle(lanes, command.action, broker);
  await broker.declareExchange(alternate);
  if (!(await broker.isAlternate(alternate, namespace.exchange)))
    throw new Error(
      `what nobody takes from ${namespace.exchange} does not go on to ${alternate}: set the policy as docs/migration.md says, and see that no queue is bound to # there`,
    );
  if (command.action === 'forward') await broker.declareQueues(deriveTopology(relayQueues, namespace).queues);

  let left = 0;
  for (const { from, keys, to } of lanes) {
    await broker.bind(to, alternate, keys);
    await broker.unbind(from, alternate, keys);
    // Also where it is to go: bound to both exchanges, it would get what the first one has, and the other queue too.
    await broker.unbind(to, namespace.exchange, keys);
  }
  const parking = queueName(relayParkedQueue, namespace);
  // Twice: the first pass is of what has piled up, the second of what came until the queue was unbound.
  for (const pass of [1, 2]) {
    for (const { from, keys, to } of lanes) {
      const {
        left: kept,
        moved,
        parked,
      } = await broker.move(from, alternate, { parkedQueue: parking, queue: to });
      say(
        `${from} to ${to}: ${moved} moved${parked > 0 ? ', the first one parked, since it may be in the chat' : ''}`,
      );
      left = pass === 1 ? left : left + kept;
      if (kept > 0 && pass === 2) say(`${from}: ${kept} left, whose keys ${to} does not take`);
      if (pass === 1) await broker.unbind(from, namespace.exchange, keys);
    }
    if (pass === 1) await delay(UNDER_WAY_MS);
  }
  if (command.action === 'back') left += await sayPlanned(namespace, broker, say);
  return left > 0 ? 3 : 0;
}

function lanesOf(command: Exclude<TakeOverCommand, { action: 'finish' }>, namespace: Namespace): Lane[] {
  const pairs = [
    { keys: KEYS.twilio, theirs: command.twilio, ours: queueName(relayTwilioQueue, namespace) },
    { keys: KEYS.standard, theirs: command.standard, ours: queueName(relayStandardQueue, namespace) },
  ];
  return pairs.map(({ keys, ours, theirs }) =>
    command.action === 'forward' ? { keys, from: theirs, to: ours } : { keys, from: ours, to: theirs },
  );
}

/** @throws Error when a queue is missing or somebody reads one. */
async function requireIdle(
  lanes: readonly Lane[],
  action: 'forward' | 'back',
  broker: HandOver,
): Promise<void> {
  for (const { from, to } of lanes) {
    for (const queue of [from, to]) {
      const found = await broker.look(queue);
      // Ours are declared by us.
      if (found === undefined && (queue === from || action === 'back'))
        throw new Error(`there is no queue ${queue}`);
      if (found !== undefined && found.consumers > 0)
        throw new Error(`somebody reads ${queue}: stop the service that does, and run it again`);
    }
  }
}

/** What the relay has planned already only a relay can post. */
async function sayPlanned(
  namespace: Namespace,
  broker: HandOver,
  say: (text: string) => void,
): Promise<number> {
  let left = 0;
  for (const queue of [relayOutboxQueue, relayOutboxUrgentQueue].map((it) => queueName(it, namespace))) {
    const { messages = 0 } = (await broker.look(queue)) ?? {};
    left += messages;
    if (messages > 0)
      say(`${queue}: ${messages} left. Only a relay can post them: start it with RABBITMQ_DECLARE=false`);
  }
  return left;
}
