import { randomInt } from 'node:crypto';
import { parseCommandLine, UsageError } from '@wbor/command-line';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly echo: boolean;
  readonly readBack: boolean;
  /** Default: none while a doubt can be settled, else as many as there were doubts. */
  readonly allowRepeats: number | undefined;
  readonly settleSeconds: number;
  /** With hostile senders beside the normal ones. */
  readonly fuzz: boolean;
  /** The broker is a cluster of three, whose nodes break. */
  readonly cluster: boolean;
  readonly logsFolder: string | undefined;
  readonly json: boolean;
}

export const CHAOS_USAGE = `npm run chaos [-- OPTIONS]: breaks the whole system on purpose, then proves what is left of its promises

A broker, a Postgres, a GroupMe simulator, two relays, a gateway and an audit-logger of its own; producers on
the exchange and over HTTP, and two that use @wbor/producer and are killed while they send; then kill -9, freezes, stops, network faults and a GroupMe that misbehaves. In the
end everything is mended, and every message that was accepted must be in the chat, in order, and in the audit.

  --minutes N        how long things are broken; may be a fraction. Default 2
  --seed S           which faults, and when: the same seed and minutes give the same. Default: a new one, printed
  --no-echo          the relay may not settle a doubt by the bot's own echo
  --no-read-back     the relay may not settle a doubt by reading the chat
  --allow-repeats N  repeated posts that are no failure. Default 0, or with neither of the two ways above one
                     for each kill and each call that nobody can know about
  --settle-seconds N how long the rest may take once all is mended and nothing new is posted. Default 180
  --fuzz             hostile senders beside the normal ones, as in npm run fuzz; the same is asked of the normal ones
  --cluster          the broker is a cluster of three; its nodes are killed, stopped, frozen and parted from each other,
                     one at a time (Linux only)
  --keep-logs DIR    write the logs of all processes and the facts there. After a failure they are kept anyway
  --json             print the result as JSON in the end, and progress on stderr
  --help             this text

From five minutes on a relay is also frozen for 35 s, longer than the broker waits for it. A relay that is
frozen between asking the broker and writing its request can repeat a post that nobody could have prevented.
Not among the faults: a full disk, since no service writes to one.
Exit code: 0 passed, 1 failed, 2 wrong options, 130 interrupted.
`;

/** @throws UsageError */
export function parseChaosOptions(args: readonly string[]): ChaosOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    minutes: toNumber('--minutes', values.minutes, { least: 0.2, most: 24 * 60 }) ?? 2,
    seed:
      toNumber('--seed', values.seed, { least: 0, most: 2 ** 31, whole: true }) ?? randomInt(1, 1_000_000),
    echo: !values['no-echo'],
    readBack: !values['no-read-back'],
    allowRepeats: toNumber('--allow-repeats', values['allow-repeats'], { least: 0, most: 1e9, whole: true }),
    settleSeconds: toNumber('--settle-seconds', values['settle-seconds'], { least: 1, most: 86_400 }) ?? 180,
    fuzz: values.fuzz ?? false,
    cluster: values.cluster ?? false,
    logsFolder: values['keep-logs'],
    json: values.json ?? false,
  };
}

function parse(args: readonly string[]) {
  return parseCommandLine(args, {
    options: {
      minutes: { type: 'string' },
      seed: { type: 'string' },
      'no-echo': { type: 'boolean' },
      'no-read-back': { type: 'boolean' },
      'allow-repeats': { type: 'string' },
      'settle-seconds': { type: 'string' },
      fuzz: { type: 'boolean' },
      cluster: { type: 'boolean' },
      'keep-logs': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values;
}

function toNumber(
  name: string,
  text: string | undefined,
  range: { least: number; most: number; whole?: boolean },
): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  const fits = text.trim() !== '' && number >= range.least && number <= range.most;
  if (fits && (!range.whole || Number.isInteger(number))) return number;
  const kind = range.whole ? 'a whole number' : 'a number';
  throw new UsageError(`${name} ${text}: must be ${kind} from ${range.least} to ${range.most}`);
}
