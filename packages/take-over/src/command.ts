import { parseCommandLine, UsageError } from '@wbor/command-line';

/** What the operator asked for. */
export type TakeOverCommand =
  | { readonly action: 'forward' | 'back'; readonly twilio: string; readonly standard: string }
  | { readonly action: 'finish' };

export const USAGE = `take-over: moves the station's messages from the Python service's queues to ours, and back; docs/migration.md is its guide

  take-over forward --twilio QUEUE --standard QUEUE   what waits in those queues, and what is published from now on, goes to ours
  take-over back --twilio QUEUE --standard QUEUE      the other way round
  take-over finish                                    removes what the two have put on the broker; after the policy is cleared

  --twilio QUEUE     the Python service's queue of source.twilio.#
  --standard QUEUE   its queue of source.standard.#
  --help             this text

None of these queues may have a consumer meanwhile. Killed half-way, it is run again. The first message of a queue that had been
handed out before is parked, since it may be in the chat: npm run parked. The broker is named as for the relay: RABBITMQ_URL, or
RABBITMQ_HOST and its companions; RABBITMQ_EXCHANGE and QUEUE_PREFIX count too.
Exit codes: 0 done; 1 not done, as the message says; 2 wrong usage; 3 done, and something is left, which it names.
`;

/** @throws UsageError */
export function parseTakeOverCommand(argv: readonly string[]): TakeOverCommand | 'help' {
  const { positionals, values } = parseCommandLine(argv, {
    allowPositionals: true,
    options: {
      twilio: { type: 'string' },
      standard: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [action, ...rest] = positionals;
  if (values.help || action === undefined) return 'help';
  if (rest.length > 0) throw new UsageError(`${action} takes no ${rest.join(' ')}`);
  const { standard, twilio } = values;
  if (action === 'finish') {
    if (twilio ?? standard) throw new UsageError('finish takes no queue');
    return { action };
  }
  if (action !== 'forward' && action !== 'back') throw new UsageError(`unknown command ${action}`);
  if (!twilio || !standard) throw new UsageError(`${action} takes --twilio QUEUE and --standard QUEUE`);
  if (twilio === standard) throw new UsageError('--twilio and --standard are two queues');
  return { action, twilio, standard };
}
