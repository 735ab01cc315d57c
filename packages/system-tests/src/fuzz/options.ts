import { randomInt } from 'node:crypto';
import { parseCommandLine, UsageError } from '@wbor/command-line';

export interface FuzzOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly only: readonly number[] | undefined;
  readonly keepFolder: string | undefined;
}

export const FUZZ_USAGE = `npm run fuzz [-- OPTIONS]: sends what no contract foresees, and accounts for all of it

A broker, a Postgres, a GroupMe simulator and one process of each service, of its own. Then, for a while: messages of
every contract on every routing key and straight into every queue, requests to every route of the gateway, callbacks,
and what members type, each with changes to its fields, its bytes, its headers and its properties; good messages in
between. In the end every good one must be in the chat once, and every other one posted, parked, stored in the audit
or refused; no process may have ended, lost a connection, answered 5xx, be unready, or have had over 400 MiB.

  --minutes N        how long it sends; may be a fraction. Default 1
  --seed S           which inputs: the same seed gives the same ones, in the same order. Default: a new one, printed
  --only N,N,…       sends only the inputs of these numbers, once: to look for the one that does the harm. The input
                     zq00001c has the number 48, which is 1c in base 36
  --keep DIR         write the inputs with their fates and the logs there. After a failure they are kept anyway
  --help             this text

Exit code: 0 passed, 1 failed, 2 wrong options, 130 interrupted.
`;

/** @throws UsageError */
export function parseFuzzOptions(args: readonly string[]): FuzzOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    minutes: toNumber('--minutes', values.minutes, { least: 0.05, most: 24 * 60 }) ?? 1,
    seed: toWhole('--seed', values.seed, 2 ** 31) ?? randomInt(1, 1_000_000),
    only: values.only?.split(',').map((number) => toWhole('--only', number, 36 ** 6) ?? 0),
    keepFolder: values.keep,
  };
}

function parse(args: readonly string[]) {
  return parseCommandLine(args, {
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      keep: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}

function toWhole(name: string, text: string | undefined, most: number): number | undefined {
  const number = toNumber(name, text, { least: 0, most });
  if (number === undefined || Number.isInteger(number)) return number;
  throw new UsageError(`${name} ${text}: must be a whole number`);
}

function toNumber(
  name: string,
  text: string | undefined,
  range: { least: number; most: number },
): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== '' && number >= range.least && number <= range.most) return number;
  throw new UsageError(`${name} ${text}: must be a number from ${range.least} to ${range.most}`);
}
