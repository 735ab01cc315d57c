import { parseArgs } from 'node:util';
import type { Broker } from '@wbor/amqp';
import { errorMessage } from '@wbor/async';
import { isShownAs } from './is-shown-as.ts';
import { type ParkedMessage, type Verdict, walkParked } from './parked-queue.ts';

/** What the operator asked for. */
export interface ParkedCommand {
  readonly action: 'list' | 'show' | 'replay' | 'discard';
  /** Beginnings of ids. Empty: all messages, or those of `reason`. */
  readonly ids: readonly string[];
  readonly reason: string | undefined;
  readonly json: boolean;
  /** Full queue name; undefined means `relay.parked`. */
  readonly queue: string | undefined;
}

/** A command line that makes no sense. The text is for the operator. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

export const USAGE = `parked: looks after messages that could not be forwarded

  parked list                       all parked messages, oldest first
  parked show ID                    one message with its headers and its body
  parked replay ID… | --all         gives messages back to the queue they came from
  parked discard ID… | --all        deletes messages for good

  --reason REASON    only messages parked for this reason, for example invalid-json
  --queue NAME       another parking queue, for example audit-logger.parked
  --json             one JSON object a line; \`show\` puts the body in, as base64
  --help             this text

ID is any unambiguous beginning of the id that \`list\` shows, or the UID that the chat shows. The broker is named as for the relay:
RABBITMQ_URL, or RABBITMQ_HOST and its companions; QUEUE_PREFIX counts too.
`;

/** @throws UsageError */
export function parseParkedCommand(argv: readonly string[]): ParkedCommand | 'help' {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    throw new UsageError(errorMessage(error));
  }
  const { values, positionals } = parsed;
  if (values.help || positionals.length === 0) return 'help';
  const [action, ...ids] = positionals;
  if (action !== 'list' && action !== 'show' && action !== 'replay' && action !== 'discard') {
    throw new UsageError(`unknown command ${action}`);
  }
  if (action === 'show' && ids.length !== 1) throw new UsageError('show takes one id');
  if (action === 'list' && ids.length > 0) throw new UsageError('list takes no id; use show');
  const narrowed = ids.length > 0 || values.reason !== undefined;
  if ((action === 'replay' || action === 'discard') && narrowed === (values.all === true)) {
    throw new UsageError(`${action} takes ids or --reason, or --all for everything`);
  }
  return { action, ids, reason: values.reason, json: values.json === true, queue: values.queue };
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      all: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean' },
      queue: { type: 'string' },
      reason: { type: 'string' },
    },
  });
}

/**
 * Runs a command and writes what it found or did.
 *
 * @returns the exit code: 0, or 1 when an id fits no message or several.
 */
export async function runParkedCommand(
  command: ParkedCommand,
  broker: Broker,
  queue: string,
  write: (text: string) => void,
): Promise<number> {
  const matches = await countMatches(command, broker, queue);
  for (const [id, count] of matches) {
    if (count === 1) continue;
    write(
      count === 0
        ? `no parked message has an id that begins with ${id}\n`
        : `${id} fits ${count} messages; give more of the id\n`,
    );
  }
  if ([...matches.values()].some((count) => count !== 1)) return 1;

  let count = 0;
  await walkParked(broker, queue, (message): Verdict => {
    if (!isMeant(command, message)) return 'keep';
    count += 1;
    if (command.action === 'show') write(command.json ? toJsonLine(message, true) : formatWhole(message));
    else write(command.json ? toJsonLine(message, false) : formatLine(message, count === 1));
    return command.action === 'replay' || command.action === 'discard' ? command.action : 'keep';
  });
  if (!command.json && command.action !== 'show') write(`${summary(command.action, count)}\n`);
  return 0;
}

/** How many messages each given id fits. Looked up first: a wrong id must not leave half the work done. */
async function countMatches(
  command: ParkedCommand,
  broker: Broker,
  queue: string,
): Promise<Map<string, number>> {
  const matches = new Map(command.ids.map((id) => [id, 0]));
  if (matches.size === 0) return matches;
  await walkParked(broker, queue, (message) => {
    for (const [id, count] of matches) if (fits(message, id)) matches.set(id, count + 1);
    return 'keep';
  });
  return matches;
}

function fits(message: ParkedMessage, id: string): boolean {
  return message.id.startsWith(id) || isShownAs(message, id);
}

function isMeant(command: ParkedCommand, message: ParkedMessage): boolean {
  if (command.reason !== undefined && message.reason !== command.reason) return false;
  return command.ids.length === 0 || command.ids.some((id) => fits(message, id));
}

function summary(action: ParkedCommand['action'], count: number): string {
  const what = count === 1 ? '1 message' : `${count} messages`;
  if (action === 'replay') return `${what} replayed`;
  if (action === 'discard') return `${what} discarded`;
  return `${what} parked`;
}

const COLUMNS = ['ID', 'PARKED AT', 'REASON', 'QUEUE', 'MESSAGE', 'ERROR'] as const;
const WIDTHS = [38, 21, 17, 18, 38] as const;

function formatLine(message: ParkedMessage, withHeading: boolean): string {
  const cells = [
    message.id,
    message.parkedAt?.slice(0, 19).concat('Z') ?? '-',
    message.reason,
    message.queue,
    message.wborMessageId ?? '-',
    // Errors can quote what a stranger sent; a terminal must not act on it.
    oneLine(message.error),
  ];
  return `${withHeading ? `${pad(COLUMNS)}\n` : ''}${pad(cells)}\n`;
}

function pad(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join(' ')
    .trimEnd();
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ');
}

function formatWhole(message: ParkedMessage): string {
  const text = message.content.toString();
  const isText = Buffer.from(text).equals(message.content);
  return [
    `id            ${message.id}`,
    `reason        ${message.reason}`,
    `error         ${oneLine(message.error)}`,
    `parked at     ${message.parkedAt ?? '-'}`,
    `queue         ${message.queue}`,
    `routing key   ${message.routingKey}`,
    `message id    ${message.wborMessageId ?? '-'}`,
    `headers       ${JSON.stringify(message.headers)}`,
    `body          ${message.content.length} bytes${isText ? '' : ', not UTF-8, as base64'}`,
    '',
    isText ? text.replace(/[^\P{Cc}\n\t]/gu, '\u{fffd}') : message.content.toString('base64'),
    '',
  ].join('\n');
}

/** Bodies only where one was asked for: a list of them can be larger than any reader's memory. */
function toJsonLine(message: ParkedMessage, withBody: boolean): string {
  const { content, ...rest } = message;
  const body = withBody ? { body_base64: content.toString('base64') } : {};
  return `${JSON.stringify({ ...rest, bytes: content.length, ...body })}\n`;
}
