import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import pinoPretty from 'pino-pretty';

/**
 * One line an event: JSON, or readable and coloured on a terminal.
 *
 * `bot_id` is all one needs to post as the bot, so it is masked wherever an event is logged by mistake.
 */
export function createLogger(options: {
  name: string;
  level: string;
  /** Where lines go; default standard output. */
  destination?: DestinationStream;
  pretty?: boolean;
}): Logger {
  const destination =
    options.destination ??
    (options.pretty ? pinoPretty({ colorize: true, ignore: 'pid,hostname,service', sync: true }) : undefined);
  const settings = {
    level: options.level,
    base: { service: options.name, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: ['bot_id', '*.bot_id', 'password', '*.password', 'access_token', '*.access_token'],
      censor: '[secret]',
    },
  };
  return destination ? pino(settings, destination) : pino(settings);
}
