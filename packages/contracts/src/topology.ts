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
}

/** Where a deployment's names live: one exchange, and a prefix for tests and shared brokers. */
export interface Namespace {
  readonly exchange: string;
  readonly queuePrefix: string;
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
export function deriveTopology(queues: readonly QueueDefinition[], namespace: Namespace): Topology {
  return {
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
