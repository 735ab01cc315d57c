import { isUtf8 } from 'node:buffer';
import type { Broker } from '@wbor/amqp';
import { parseCommandLine, UsageError } from '@wbor/command-line';
import { type ParkedMessage, type ParkingQueue, type Verdict, walkParked } from '@wbor/parked';
import { isShownAs } from './is-shown-as.ts';

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

export const USAGE = `parked: looks after messages that could not be forwarded

  parked list                       all parked messages, oldest first
  parked show ID                    one message with its headers and its body
  parked replay ID… | --all         gives messages back to the queue they came from
  parked discard ID… | --all        deletes messages for good

  --reason REASON    only messages parked for this reason, for example invalid-json
  --queue NAME       another parking queue, for example audit-logger.parked
  --json             one JSON object a line; \`show\` puts the body in, as base64
  --help             this text

ID is any unambiguous beginning of the id that \`list\` shows, or the UID that the chat shows. Of several messages with one id, ID#1 is the oldest,
ID#2 the next. What cannot be replayed stays parked, and the exit code is 1. The broker is named as for the relay:
RABBITMQ_URL, or RABBITMQ_HOST and its companions; QUEUE_PREFIX counts too.
`;

/** @throws UsageError */
export function parseParkedCommand(argv: readonly string[]): ParkedCommand | 'help' {
  const { values, positionals } = parseCommandLine(argv, {
    allowPositionals: true,
    options: {
      all: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean' },
      queue: { type: 'string' },
      reason: { type: 'string' },
    },
  });
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

/**
 * Runs a command and writes what it found or did.
 *
 * @param complain told what went wrong, line by line.
 * @returns the exit code: 0, or 1 when an id fits no message or several, or a message could not be replayed.
 */
export async function runParkedCommand(
  command: ParkedCommand,
  broker: Broker,
  queue: ParkingQueue,
  write: (text: string) => void,
  complain: (text: string) => void,
): Promise<number> {
  const meant = await findMeant(command, broker, queue, complain);
  if (meant === undefined) return 1;
  let count = 0;
  let failures = 0;
  await walkParked(
    broker,
    queue,
    (message): Verdict => {
      if (command.reason !== undefined && message.reason !== command.reason) return 'keep';
      if (command.ids.length > 0 && !meant.has(nameOf(message))) return 'keep';
      count += 1;
      if (command.action === 'show') write(command.json ? toJsonLine(message, true) : formatWhole(message));
      else write(command.json ? toJsonLine(message, false) : formatLine(message, count === 1));
      return command.action === 'replay' || command.action === 'discard' ? command.action : 'keep';
    },
    (message, why) => {
      failures += 1;
      complain(`${shownId(message)} was not replayed: ${oneLine(why)}\n`);
    },
  );
  if (!command.json && command.action !== 'show') write(`${summary(command.action, count - failures)}\n`);
  return failures === 0 ? 0 : 1;
}

/**
 * The names of the messages that the given ids mean. Looked up first: a wrong id must not leave half the work done.
 *
 * @returns undefined when an id fits none or several, which is complained of.
 */
async function findMeant(
  { ids }: ParkedCommand,
  broker: Broker,
  queue: ParkingQueue,
  complain: (text: string) => void,
): Promise<Set<string> | undefined> {
  const fitting = new Map(ids.map((id) => [id, new Set<string>()]));
  if (ids.length > 0) {
    await walkParked(broker, queue, (message) => {
      for (const [id, names] of fitting) {
        if (nameOf(message).startsWith(id) || isShownAs(message, id)) names.add(nameOf(message));
      }
      return 'keep';
    });
  }
  const meant = new Set<string>();
  let wrong = false;
  for (const [id, names] of fitting) {
    const [only] = names.has(id) ? [id] : names;
    if (only !== undefined && (names.size === 1 || only === id)) {
      meant.add(only);
      continue;
    }
    wrong = true;
    complain(
      names.size === 0 ? `no parked message has an id that begins with ${id}\n` : ambiguous(id, names),
    );
  }
  return wrong ? undefined : meant;
}

/** How many of the names that an ambiguous id fits are shown. */
const MAX_NAMES = 10;

function ambiguous(id: string, names: ReadonlySet<string>): string {
  const shown = [...names].slice(0, MAX_NAMES).map((name) => `  ${name}\n`);
  const more = names.size > MAX_NAMES ? `  and ${names.size - MAX_NAMES} more\n` : '';
  return `${id} fits ${names.size} messages; give more of the id, which one of:\n${shown.join('')}${more}`;
}

/** What one message alone is called. */
function nameOf({ copy, id }: ParkedMessage): string {
  return `${id}#${copy}`;
}

/** The name as it is shown: the first of an id needs no number, as long as there is no second. */
function shownId(message: ParkedMessage): string {
  return message.copy === 1 ? message.id : nameOf(message);
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
    shownId(message),
    message.parkedAt?.slice(0, 19).concat('Z') ?? '-',
    message.reason,
    message.queue,
    message.wborMessageId ?? '-',
    message.error,
    // All of it can be what a stranger sent; a terminal must not act on it.
  ].map(oneLine);
  return `${withHeading ? `${pad(COLUMNS)}\n` : ''}${pad(cells)}\n`;
}

function pad(cells: readonly string[]): string {
  return cells
    .map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0))
    .join(' ')
    .trimEnd();
}

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}

function formatWhole(message: ParkedMessage): string {
  const isText = isUtf8(message.content);
  const fields = {
    id: shownId(message),
    reason: message.reason,
    error: message.error,
    'parked at': message.parkedAt ?? '-',
    queue: message.queue,
    'routing key': message.routingKey,
    'message id': message.wborMessageId ?? '-',
    headers: JSON.stringify(message.headers),
    body: `${message.content.length} bytes${isText ? '' : ', not UTF-8, as base64'}`,
  };
  return [
    ...Object.entries(fields).map(([name, text]) => `${name.padEnd(14)}${oneLine(text)}`),
    '',
    isText
      ? message.content.toString().replace(/[^\P{Cc}\n\t]/gu, '\u{fffd}')
      : message.content.toString('base64'),
    '',
  ].join('\n');
}

/** Bodies only where one was asked for: a list of them can be larger than any reader's memory. */
function toJsonLine(message: ParkedMessage, withBody: boolean): string {
  const { content, copy, ...rest } = message;
  const body = withBody ? { body_base64: content.toString('base64') } : {};
  return `${JSON.stringify({ ...rest, id: shownId(message), bytes: content.length, ...body })}\n`;
}
