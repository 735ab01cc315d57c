import type { z } from 'zod';

/** Who publishes a message, or hears it on a queue of its own that lives as long as the connection. */
export type Party =
  | 'producers'
  | 'SMS service'
  | 'wbor-endec'
  | 'wbor-ups'
  | 'wbor-failsafe-notifier'
  | 'gateway'
  | 'relay'
  | 'moderator'
  | 'console'
  | 'studio dashboard';

/**
 * `source` is the topic exchange that the station's services share; `default` addresses a queue by name; `notifications` is
 * one of other programs, which we neither declare nor publish on.
 */
export type ExchangeRole = 'source' | 'default' | 'notifications';

/** A message contract: where it is published, under which literal key, and what its JSON body holds. */
export interface MessageDefinition<Schema extends z.ZodType = z.ZodType, Key extends string = string> {
  readonly exchange: ExchangeRole;
  /** Literal routing key, or the queue's name without its prefix. Wildcards belong to bindings. */
  readonly key: Key;
  readonly schema: Schema;
  /** One line, for the documents. */
  readonly summary: string;
  readonly example: z.input<Schema>;
  readonly publishers: readonly Party[];
  /** Who hears it without a durable queue. Those who consume it from a queue follow from the bindings. */
  readonly listeners?: readonly Party[];
  /** Names of the headers that it may carry, besides `x-retry-count` on the topic exchange. */
  readonly headers?: readonly string[];
}

/** A message that may also be published under keys of one more word, for example `source.standard.<source>`. */
export interface MessageFamily<Schema extends z.ZodType = z.ZodType, Key extends string = string>
  extends MessageDefinition<Schema, Key> {
  /** What the last word stands for. */
  readonly family: string;
}

/** The keys under which a message may be published. */
export type KeyOf<Definition extends MessageDefinition> =
  Definition extends MessageFamily<z.ZodType, infer Key> ? Key | `${Key}.${string}` : Definition['key'];

/** The body as it is published: what the schema takes, so that defaults may be left out. */
export type BodyOf<Definition extends MessageDefinition> = z.input<Definition['schema']>;

/** The body as a consumer reads it, with defaults filled in. */
export type ValueOf<Definition extends Pick<MessageDefinition, 'schema'>> = z.output<Definition['schema']>;

/** A queue before a prefix is put in front of its name. */
export interface QueueDefinition<Name extends string = string> {
  /** `<app>.<stage>`: the app is the one that consumes it, or whose people look into it. */
  readonly name: Name;
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

export function defineMessage<Schema extends z.ZodType, const Key extends string>(
  definition: MessageDefinition<Schema, Key>,
): MessageDefinition<Schema, Key> {
  refuseWildcard(definition.key);
  return definition;
}

export function defineFamily<Schema extends z.ZodType, const Key extends string>(
  definition: MessageFamily<Schema, Key>,
): MessageFamily<Schema, Key> {
  refuseWildcard(definition.key);
  return definition;
}

function refuseWildcard(key: string): void {
  if (/[*#]/.test(key)) {
    throw new ContractError(`message key ${key} holds a wildcard; wildcards belong to bindings`);
  }
}

/**
 * A queue that somebody works on: quorum, durable, with a delivery limit and a dead-letter target.
 *
 * @throws ContractError when no dead-letter queue is named.
 */
export function defineQueue<const Name extends string>(definition: {
  name: Name;
  bindings?: readonly string[];
  singleActiveConsumer?: boolean;
  deadLetterQueue: string;
}): QueueDefinition<Name> {
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
export function defineTerminalQueue<const Name extends string>(definition: {
  name: Name;
  bindings?: readonly string[];
  maxLength?: number;
}): QueueDefinition<Name> {
  return {
    name: definition.name,
    bindings: definition.bindings ?? [],
    singleActiveConsumer: false,
    deadLetterQueue: null,
    maxLength: definition.maxLength ?? null,
    deliveryLimit: TERMINAL_DELIVERY_LIMIT,
  };
}
