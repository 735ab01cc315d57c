import type { z } from 'zod';

/** A message contract: where it is published, under which literal key, and what its JSON body holds. */
export interface MessageDefinition<Schema extends z.ZodType = z.ZodType> {
  /** `source` is the topic exchange that the station's services share; `default` addresses a queue by name. */
  readonly exchange: 'source' | 'default';
  /** Literal routing key, or the queue's name for the default exchange. Wildcards belong to bindings. */
  readonly key: string;
  readonly schema: Schema;
}

/** A queue before a prefix is put in front of its name. */
export interface QueueDefinition {
  readonly name: string;
  /** Routing-key patterns on the source exchange; none for a queue that is addressed by name. */
  readonly bindings: readonly string[];
  readonly singleActiveConsumer: boolean;
  /** Name of the queue that takes dead letters; `null` only for queues that end the line. */
  readonly deadLetterQueue: string | null;
  /** Oldest messages are dropped beyond this length. Only for queues whose content may be lost. */
  readonly maxLength: number | null;
  readonly deliveryLimit: number;
}

/** Contracts are data that is wrong at start or never: the process must not come up with a bad one. */
export class ContractError extends Error {
  readonly code = 'CONTRACT_INVALID';
  override readonly name = 'ContractError';
}

/**
 * The delivery limit of a working queue. Explicit, because the default differs between broker versions
 * (none on 3.x, 20 on 4.x) and because without a limit 3.x returns a requeued message to the back.
 */
const WORKING_DELIVERY_LIMIT = 1000;

/**
 * The limit of a queue that ends the line. Reading such a queue and putting its messages back counts as a
 * return on some versions, and past the limit the message would be gone, so the number must be out of reach.
 * `-1` is no way out: 3.x drops on the first return with it.
 */
const TERMINAL_DELIVERY_LIMIT = 1_000_000_000;

export function defineMessage<Schema extends z.ZodType>(
  definition: MessageDefinition<Schema>,
): MessageDefinition<Schema> {
  if (/[*#]/.test(definition.key)) {
    throw new ContractError(`message key ${definition.key} holds a wildcard; wildcards belong to bindings`);
  }
  return definition;
}

/**
 * A queue that somebody works on: quorum, durable, with a delivery limit and a dead-letter target.
 *
 * @throws ContractError when no dead-letter queue is named.
 */
export function defineQueue(definition: {
  name: string;
  bindings?: readonly string[];
  singleActiveConsumer?: boolean;
  deadLetterQueue: string;
}): QueueDefinition {
  if (!definition.deadLetterQueue) {
    throw new ContractError(
      `queue ${definition.name} names no dead-letter queue; its bad messages would be lost`,
    );
  }
  return {
    name: definition.name,
    bindings: definition.bindings ?? [],
    singleActiveConsumer: definition.singleActiveConsumer ?? false,
    deadLetterQueue: definition.deadLetterQueue,
    maxLength: null,
    deliveryLimit: WORKING_DELIVERY_LIMIT,
  };
}

/** A queue at the end of the line: people look into it, nothing dead-letters out of it. */
export function defineTerminalQueue(definition: {
  name: string;
  bindings?: readonly string[];
  maxLength?: number;
}): QueueDefinition {
  return {
    name: definition.name,
    bindings: definition.bindings ?? [],
    singleActiveConsumer: false,
    deadLetterQueue: null,
    maxLength: definition.maxLength ?? null,
    deliveryLimit: TERMINAL_DELIVERY_LIMIT,
  };
}
