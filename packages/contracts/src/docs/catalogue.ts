import { z } from 'zod';
import type { MessageDefinition, QueueDefinition } from '../define.ts';
import { isFamily } from '../messages.ts';
import {
  auditQueues,
  DEFAULT_EXCHANGE_NAME,
  moderatorQueues,
  relayQueues,
  relayStandardQueue,
} from '../queues.ts';
import { type DeclaredQueue, deriveTopology, matchesTopic } from '../topology.ts';

export const queues: readonly QueueDefinition[] = [...relayQueues, ...auditQueues, ...moderatorQueues];

/** As they are declared where no prefix is set. */
export const topology = deriveTopology(queues, { exchange: DEFAULT_EXCHANGE_NAME, queuePrefix: '' });

export function declared(queue: QueueDefinition): DeclaredQueue {
  const found = topology.queues.find(({ name }) => name === queue.name);
  if (!found) throw new Error(`${queue.name} is not declared`);
  return found;
}

/** Queues that a message ends up in. */
export function queuesOf(definition: MessageDefinition): QueueDefinition[] {
  // The relay binds it there as its settings say.
  if (definition.exchange === 'notifications') return [relayStandardQueue];
  const keys = isFamily(definition) ? [definition.key, `${definition.key}.x`] : [definition.key];
  if (definition.exchange === 'source') {
    return queues.filter(({ bindings }) => keys.some((key) => bindings.some((it) => matchesTopic(it, key))));
  }
  return queues.filter(
    ({ name }) => name === definition.key || (isFamily(definition) && name.startsWith(`${definition.key}.`)),
  );
}

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The body as producers may send it, without what only machines would read. */
export function bodySchema(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...body } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-7',
    override({ jsonSchema }) {
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.default === null) delete jsonSchema.default;
    },
  });
  return body;
}
