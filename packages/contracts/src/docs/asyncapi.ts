import type { MessageDefinition, QueueDefinition } from '../define.ts';
import { headerDefinitions, RETRY_COUNT_HEADER } from '../headers.ts';
import { isFamily, messages } from '../messages.ts';
import {
  interimReplyExample,
  interimReplySchema,
  interimReplySummary,
  replyExample,
  replySchema,
  replySummary,
} from '../outbox.ts';
import { serviceOf } from '../topology.ts';
import { bodySchema, declared, queuesOf, topology } from './catalogue.ts';

const BINDING_VERSION = '0.3.0';

/** `docs/asyncapi.json`: an AsyncAPI 3.0 document of the whole system, for programs. */
export function renderAsyncApi(): string {
  return `${JSON.stringify(buildAsyncApi(), null, 2)}\n`;
}

export function buildAsyncApi(): Record<string, unknown> {
  const entries = Object.entries(messages);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'WBOR GroupMe',
      version: '1.0.0',
      description:
        'The messages of the relay, the gateway, the audit logger and the moderator. Made from packages/contracts; do not edit it.',
    },
    defaultContentType: 'application/json',
    channels: { ...buildChannels(entries), reply: buildReplyChannel() },
    operations: {
      ...Object.assign({}, ...entries.map(([name, definition]) => buildOperations(name, definition))),
      'relay.sends.reply': operation('send', 'reply', 'reply'),
      'relay.sends.interimReply': operation('send', 'reply', 'interimReply'),
    },
    components: {
      messages: {
        ...Object.fromEntries(entries.map(([name, definition]) => [name, buildMessage(name, definition)])),
        reply: {
          name: 'reply',
          summary: replySummary,
          contentType: 'application/json',
          payload: bodySchema(replySchema),
          examples: [{ payload: replyExample }],
        },
        interimReply: {
          name: 'interimReply',
          summary: interimReplySummary,
          contentType: 'application/json',
          payload: bodySchema(interimReplySchema),
          examples: [{ payload: interimReplyExample }],
        },
      },
    },
  };
}

/** One for each key or queue that the message can have; of a family on the exchange, one with a parameter. */
function channelsOf(definition: MessageDefinition): { id: string; channel: Record<string, unknown> }[] {
  if (definition.exchange === 'default') {
    return queuesOf(definition).map((queue) => ({
      id: queue.name,
      channel: { address: queue.name, bindings: { amqp: queueBinding(queue) } },
    }));
  }
  const { exchange } = topology;
  const bindings = {
    amqp: {
      is: 'routingKey',
      exchange:
        definition.exchange === 'notifications'
          ? { name: 'notifications', type: 'topic' }
          : { name: exchange.name, type: exchange.type, durable: true, autoDelete: false },
      bindingVersion: BINDING_VERSION,
    },
  };
  const own = { id: definition.key, channel: { address: definition.key, bindings } };
  if (!isFamily(definition)) return [own];
  const { family, key } = definition;
  return [
    own,
    {
      id: `${key}.${family}`,
      channel: {
        address: `${key}.{${family}}`,
        parameters: { [family]: { description: `One word: the ${family}.` } },
        bindings,
      },
    },
  ];
}

function queueBinding({ name }: QueueDefinition): Record<string, unknown> {
  return {
    is: 'queue',
    queue: { name, durable: true, exclusive: false, autoDelete: false },
    bindingVersion: BINDING_VERSION,
  };
}

function buildChannels(entries: readonly [string, MessageDefinition][]): Record<string, unknown> {
  const channels: Record<string, { messages: Record<string, unknown> }> = {};
  for (const [name, definition] of entries) {
    for (const { channel, id } of channelsOf(definition)) {
      const { messages: others } = channels[id] ?? { messages: {} };
      channels[id] = {
        ...channel,
        messages: { ...others, [name]: { $ref: `#/components/messages/${name}` } },
      };
    }
  }
  return channels;
}

function buildReplyChannel(): Record<string, unknown> {
  return {
    // Known only from the message that is answered.
    address: null,
    description: 'The queue that the producer named in `reply_to`, through the default exchange.',
    messages: {
      reply: { $ref: '#/components/messages/reply' },
      interimReply: { $ref: '#/components/messages/interimReply' },
    },
  };
}

function buildOperations(name: string, definition: MessageDefinition): Record<string, unknown> {
  const channels = channelsOf(definition);
  const [channel] = channels;
  if (!channel) throw new Error(`${name} has no channel`);
  const sends = definition.publishers.flatMap((party) =>
    channels.map(({ id }) => [`${idOf(party)}.sends.${name}.${id}`, operation('send', id, name)]),
  );
  const receives = queuesOf(definition).map((queue) => {
    const id = channels.find((candidate) => candidate.id === queue.name)?.id ?? channel.id;
    const { arguments: given, bindings } = declared(queue);
    return [
      `${serviceOf(queue)}.receives.${name}.${queue.name}`,
      { ...operation('receive', id, name), 'x-queue': { name: queue.name, bindings, arguments: given } },
    ];
  });
  const hears = (definition.listeners ?? []).map((party) => [
    `${idOf(party)}.hears.${name}`,
    operation('receive', channel.id, name),
  ]);
  return Object.fromEntries([...sends, ...receives, ...hears]);
}

function idOf(party: string): string {
  return party.replaceAll(' ', '-');
}

function operation(action: 'send' | 'receive', channel: string, message: string): Record<string, unknown> {
  return {
    action,
    channel: { $ref: `#/channels/${channel}` },
    messages: [{ $ref: `#/channels/${channel}/messages/${message}` }],
  };
}

function buildMessage(name: string, definition: MessageDefinition): Record<string, unknown> {
  const names = [
    ...(definition.exchange === 'source' ? [RETRY_COUNT_HEADER] : []),
    ...(definition.headers ?? []),
  ];
  return {
    name,
    summary: definition.summary,
    contentType: 'application/json',
    headers: {
      type: 'object',
      properties: Object.fromEntries(names.map((header) => [header, headerSchema(header)])),
    },
    payload: bodySchema(definition.schema),
    examples: [{ payload: definition.example }],
  };
}

function headerSchema(name: string): Record<string, unknown> {
  const header = headerDefinitions[name];
  if (!header) throw new Error(`${name} is no header of ours`);
  return { type: header.type, description: header.summary };
}
