import { parseArgs } from 'node:util';
import { UsageError } from './settings.ts';

export interface SendCommand {
  readonly action: 'send';
  /** Undefined: standard input has it. */
  readonly text: string | undefined;
  readonly images: readonly string[];
  readonly urgent: boolean;
  readonly waitMs: number | undefined;
  readonly dryRun: boolean;
}

/** What the operator, or a script, asked for. */
export type Command = (SendCommand | { readonly action: 'drain' | 'status' | 'help' }) & {
  readonly source: string | undefined;
  readonly config: string | undefined;
  readonly timeoutMs: number;
  readonly json: boolean;
};

/** Documented, so that scripts can tell. 99 is never among them: it means something to apcupsd. */
export const EXIT = { ok: 0, failed: 1, usage: 2, waiting: 3, inDoubt: 4 } as const;

export const USAGE = `wbor-send: gets a message into the managers' GroupMe chat, whatever is down

  wbor-send [OPTIONS] TEXT…     words are joined by spaces
  wbor-send [OPTIONS] < FILE    the text is standard input
  wbor-send drain               goes on with what is in the spool
  wbor-send status              says what is there

  --source NAME    who is speaking, for example ups
  --image URL      a picture; may be repeated
  --urgent         overtakes everything that is not urgent
  --wait SECONDS   how long the relay has before wbor-send posts by itself; default 8, 0: do not wait
  --timeout SECONDS  when to end in any case, from the end of standard input on; default 45. What is not
                     done then waits in the spool
  --dry-run        shows what would be posted, and sends nothing
  --config FILE    default /etc/wbor-send.conf, or WBOR_SEND_CONFIG
  --json           one JSON object on standard output
  --help           this text

Settings, as NAME=VALUE lines of the file or in the environment, which wins:
  GATEWAY_URL, GATEWAY_TOKEN   the gateway, and the source's token; or
  RABBITMQ_URL                 the broker; RABBITMQ_EXCHANGE if it is not source_exchange
  RABBITMQ_URLS                instead: several nodes of a cluster, separated by commas
  GROUPME_BOT_ID               to post by itself; GROUPME_API_URL if it is not GroupMe's own
  GROUPME_ACCESS_TOKEN         to look for posts that are in doubt
  WBOR_SOURCE                  where --source is not given
  WBOR_SPOOL_FILE              default /var/spool/wbor-send/spool for root, else ~/.local/state/wbor-send/spool

Exit codes:
  0  it is in the chat, or the relay has it      3  it waits in the spool; run wbor-send drain
  1  it is not in the chat and will not be       4  it went out, and nobody knows whether it arrived
  2  the command or a setting is wrong
`;

const DEFAULT_TIMEOUT_SECONDS = 45;

/** @throws UsageError */
export function parseCommand(argv: readonly string[]): Command {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { positionals, values } = parsed;
  const common = {
    source: values.source,
    config: values.config,
    timeoutMs: secondsOf('--timeout', values.timeout) ?? DEFAULT_TIMEOUT_SECONDS * 1_000,
    json: values.json === true,
  };
  if (values.help) return { action: 'help', ...common };
  const [first] = positionals;
  if (positionals.length === 1 && (first === 'drain' || first === 'status')) {
    return { action: first, ...common };
  }
  return {
    action: 'send',
    text:
      positionals.length === 0 || (positionals.length === 1 && first === '-')
        ? undefined
        : positionals.join(' '),
    images: values.image ?? [],
    urgent: values.urgent === true,
    waitMs: secondsOf('--wait', values.wait),
    dryRun: values['dry-run'] === true,
    ...common,
  };
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      'dry-run': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      image: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      source: { type: 'string' },
      timeout: { type: 'string' },
      urgent: { type: 'boolean' },
      wait: { type: 'string' },
    },
  });
}

function secondsOf(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (value.trim() === '' || !Number.isFinite(seconds) || seconds < 0 || seconds > 3_600) {
    throw new UsageError(`${option} takes seconds, from 0 to 3600`);
  }
  return seconds * 1_000;
}
