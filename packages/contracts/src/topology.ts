import type { QueueDefinition } from './define.ts';

/** A queue as it is declared on the broker: prefixed name, literal arguments. */
export interface DeclaredQueue {
  readonly name: string;
  readonly bindings: readonly string[];
  readonly arguments: Readonly<Record<string, string | number | boolean>>;
}

/** All that a service declares on the broker before it works. */
export interface Topology {
  readonly exchange: { readonly name: string; readonly type: 'topic' };
  readonly queues: readonly DeclaredQueue[];
  /** Stands before every queue's name, also of those that are not declared here. */
  readonly queuePrefix: string;
  /** The service's way to its own queues where it may not write to the default exchange, which leads into every queue. */
  readonly own: OwnExchange | undefined;
  /** Whether all this is there already, and the service may not declare it. */
  readonly isDeclared: boolean;
}

/** A direct exchange of one service. Its keys are full names of queues. */
export interface OwnExchange {
  readonly name: string;
  /** Full names of the queues that are bound to it from the start. */
  readonly queues: readonly string[];
}

/** Where a deployment's names live: one exchange, and a prefix for tests and shared brokers. */
export interface Namespace {
  readonly exchange: string;
  readonly queuePrefix: string;
  /** Whether exchanges, queues and bindings are declared by others (`npm run rights`). Default false. */
  readonly isDeclared?: boolean;
}

/** Services that must not write to the default exchange: they would reach the chat and the audit through it. */
export type FencedService = 'gateway' | 'audit-logger' | 'moderator';

/** The exchange through which a service parks, and asks whether the broker takes messages. */
export function ownExchange(
  service: FencedService,
  queues: readonly QueueDefinition[],
  namespace: Pick<Namespace, 'queuePrefix'>,
): OwnExchange {
  return {
    name: `${namespace.queuePrefix}${service}`,
    queues: queues
      .filter((queue) => queue.deadLetterQueue === null && serviceOf(queue) === service)
      .map((queue) => queueName(queue, namespace)),
  };
}

/** The service that works on a queue. */
export function serviceOf({ name }: Pick<QueueDefinition, 'name'>): string {
  return name.slice(0, name.indexOf('.'));
}

/** Topic matching as the broker does it, for patterns of ours: literal words, `*` and a last `#`. */
export function matchesTopic(pattern: string, key: string): boolean {
  return new RegExp(`^${topicExpression(pattern)}$`).test(key);
}

/** A regular expression for the keys that a pattern of ours matches, without anchors. The broker reads it as well. */
export function topicExpression(pattern: string): string {
  const words = pattern.split('.').map((word) => (word === '*' ? '[^.]+' : word));
  return words.join('\\.').replace(/\\\.#$/, '(?:\\..+)?');
}

export function queueName(
  queue: Pick<QueueDefinition, 'name'>,
  namespace: Pick<Namespace, 'queuePrefix'>,
): string {
  return `${namespace.queuePrefix}${queue.name}`;
}

/**
 * Derives the broker's topology from queue definitions.
 *
 * Dead letters go through the default exchange straight to their queue. At-least-once dead-lettering needs
 * `reject-publish`; without it the broker silently falls back to at-most-once.
 */
export function deriveTopology(
  queues: readonly QueueDefinition[],
  namespace: Namespace,
  service?: FencedService,
): Topology {
  return {
    own: service && ownExchange(service, queues, namespace),
    isDeclared: namespace.isDeclared ?? false,
    exchange: { name: namespace.exchange, type: 'topic' },
    queuePrefix: namespace.queuePrefix,
    queues: queues.map((queue) => ({
      name: queueName(queue, namespace),
      bindings: queue.bindings,
      arguments: {
        'x-queue-type': 'quorum',
        'x-delivery-limit': queue.deliveryLimit,
        ...(queue.singleActiveConsumer ? { 'x-single-active-consumer': true } : {}),
        ...(queue.maxLength === null ? {} : { 'x-max-length': queue.maxLength, 'x-overflow': 'drop-head' }),
        ...(queue.deadLetterQueue === null
          ? {}
          : {
              'x-dead-letter-exchange': '',
              'x-dead-letter-routing-key': `${namespace.queuePrefix}${queue.deadLetterQueue}`,
              'x-dead-letter-strategy': 'at-least-once',
              'x-overflow': 'reject-publish',
            }),
      },
    })),
  };
}
