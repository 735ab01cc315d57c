import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import pinoPretty from 'pino-pretty';

/** What our code needs of a logger; pino's is one. First the fields, then a message that is the same for all events of a kind. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Creates the logger of a service. It writes one line an event: JSON, or readable and coloured on a terminal.
 *
 * `bot_id` is all one needs to post as the bot, so it is masked wherever an event is logged by mistake.
 */
export function createLogger(options: {
  name: string;
  level: string;
  /** Where lines go; default standard output. */
  destination?: DestinationStream;
  pretty?: boolean;
  /** Of which trace a line is. */
  traceId?: (() => string | undefined) | undefined;
}): PinoLogger {
  const destination =
    options.destination ??
    (options.pretty ? pinoPretty({ colorize: true, ignore: 'pid,hostname,service', sync: true }) : undefined);
  const { traceId } = options;
  const settings = {
    level: options.level,
    base: { service: options.name, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    ...(traceId === undefined ? {} : { mixin: () => ({ trace_id: traceId() }) }),
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: ['bot_id', '*.bot_id', 'password', '*.password', 'access_token', '*.access_token'],
      censor: '[secret]',
    },
    // JSON leaves these as they are, and many readers end a line there: what follows would pass for a line of ours.
    hooks: { streamWrite: (line: string) => line.replace(/[\u2028\u2029\u0085]/g, escapeCharacter) },
  };
  return destination ? pino(settings, destination) : pino(settings);
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
