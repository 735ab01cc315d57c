import type { MessageDefinition } from '../define.ts';
import { headerDefinitions, URGENT_PRIORITY } from '../headers.ts';
import { isFamily, messages } from '../messages.ts';
import {
  interimReplyExample,
  interimReplySchema,
  interimReplySummary,
  replyExample,
  replySchema,
  replySummary,
} from '../outbox.ts';
import { DEFAULT_EXCHANGE_NAME } from '../queues.ts';
import { serviceOf } from '../topology.ts';
import { writeRules } from '../write-rules.ts';
import { bodySchema, declared, type JsonSchema, queues, queuesOf } from './catalogue.ts';
import { describeFields, type Field } from './describe-fields.ts';

const PROPERTIES = [
  'Of the AMQP properties these count: `message_id` (the same for each copy of a message), `reply_to` and `correlation_id` (a',
  `reply is wanted), \`priority\` (an emergency from ${URGENT_PRIORITY} on), \`expiration\` and \`timestamp\` (see \`x-deliver-by\`).`,
  '',
];

/** `docs/contracts.md`: the contracts for people. */
export function renderContractsPage(): string {
  return `${[
    '# Contracts',
    '',
    'Made from `packages/contracts` by `pnpm --filter @wbor/contracts docs:contracts`; a test fails when it is stale. Do not',
    'edit it. For programs: [asyncapi.json](asyncapi.json).',
    '',
    `Messages travel on the topic exchange \`${DEFAULT_EXCHANGE_NAME}\` (setting \`RABBITMQ_EXCHANGE\`) or, where it says so, through the`,
    'default exchange straight into a queue. Bodies are JSON in UTF-8. What we publish is persistent and carries `message_id`,',
    '`timestamp`, `app_id`, `content_type` and `type`. `QUEUE_PREFIX` stands before every queue name.',
    '',
    ...renderMessages(),
    ...renderReply(),
    ...renderHeaders(),
    ...renderQueues(),
    ...renderWriteRules(),
  ].join('\n')}\n`;
}

function renderMessages(): string[] {
  return [
    '## Messages',
    '',
    ...Object.entries(messages).flatMap(([name, definition]) => [
      `### ${code(keyPattern(definition))} (${name})`,
      '',
      definition.summary,
      '',
      ...renderRoute(definition),
      '',
      ...renderBody(bodySchema(definition.schema)),
      ...renderExample(definition.example),
    ]),
  ];
}

function keyPattern(definition: MessageDefinition): string {
  return isFamily(definition) ? `${definition.key}[.<${definition.family}>]` : definition.key;
}

const EXCHANGES = {
  source: code(DEFAULT_EXCHANGE_NAME),
  default: 'default; the key is a queue',
  notifications: 'the one of these programs, which `NOTIFICATIONS_EXCHANGE` of the relay names',
} as const;

function renderRoute(definition: MessageDefinition): string[] {
  const { exchange, headers = [], listeners = [], publishers } = definition;
  const consumers = queuesOf(definition).map((queue) => `${serviceOf(queue)} (${code(queue.name)})`);
  return [
    `- exchange: ${EXCHANGES[exchange]}`,
    `- published by: ${publishers.join(', ')}`,
    `- consumed by: ${consumers.length === 0 ? 'nobody; no queue keeps it' : consumers.join(', ')}`,
    ...(listeners.length === 0 ? [] : [`- heard by: ${listeners.join(', ')}, while connected`]),
    ...(headers.length === 0 ? [] : [`- headers: ${headers.map(code).join(', ')}`]),
  ];
}

function renderReply(): string[] {
  return [
    '### Reply to a producer',
    '',
    replySummary,
    '',
    '- exchange: default; the key is the `reply_to` of the message, and `correlation_id` is returned',
    '- published by: relay',
    '',
    ...renderBody(bodySchema(replySchema)),
    ...renderExample(replyExample),
    '### Interim reply to a producer',
    '',
    interimReplySummary,
    '',
    ...renderBody(bodySchema(interimReplySchema)),
    ...renderExample(interimReplyExample),
  ];
}

function renderBody(schema: JsonSchema): string[] {
  const more = schema.additionalProperties === undefined ? [] : ['Further fields are kept.', ''];
  return [...renderFields(describeFields(schema)), ...more];
}

function renderFields(fields: readonly Field[]): string[] {
  if (fields.length === 0) return [];
  return [
    '| field | type | required | |',
    '|---|---|---|---|',
    ...fields.map((field) =>
      row(code(field.name), field.type, field.required ? 'yes' : '', field.description),
    ),
    '',
  ];
}

function renderExample(example: unknown): string[] {
  return ['```json', JSON.stringify(example, null, 2), '```', ''];
}

function renderHeaders(): string[] {
  const entries = Object.entries(headerDefinitions);
  return (['public', 'internal'] as const).flatMap((audience) => [
    audience === 'public' ? '## Headers for producers' : '## Headers among the services',
    '',
    '| header | type | |',
    '|---|---|---|',
    ...entries
      .filter(([, header]) => header.audience === audience)
      .map(([name, { summary, type }]) => row(code(name), type, summary)),
    '',
    ...(audience === 'public' ? PROPERTIES : []),
  ]);
}

function renderQueues(): string[] {
  return [
    '## Queues',
    '',
    'Durable quorum queues; who declares one that exists with other arguments is refused by the broker.',
    '',
    '| queue | bindings | arguments |',
    '|---|---|---|',
    ...queues.map((queue) => {
      const { arguments: given, bindings, name } = declared(queue);
      const listed = Object.entries(given).map(([key, value]) => code(`${key}: ${JSON.stringify(value)}`));
      return row(code(name), bindings.map(code).join(', ') || 'none; by name', listed.join(', '));
    }),
  ];
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function renderWriteRules(): string[] {
  return [
    '## Who may write what',
    '',
    'A rule for a literal key beats the rule of its family. The broker holds its clients to this where they have users of their own:',
    '[rights.md](rights.md).',
    '',
    '| exchange | key or queue | written by |',
    '|---|---|---|',
    ...writeRules.map((rule) =>
      row(
        rule.exchange === 'source' ? code(DEFAULT_EXCHANGE_NAME) : rule.exchange,
        code(`${rule.key}${rule.isFamily ? '[.<word>]' : ''}`),
        `${rule.writers.includes('producers') ? '' : 'only '}${rule.writers.join(', ')}`,
      ),
    ),
    '',
  ];
}
