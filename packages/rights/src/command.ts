import { parseCommandLine, UsageError } from '@wbor/command-line';

export type RightsCommand =
  | { readonly action: 'list' | 'database' }
  | { readonly action: 'definitions'; readonly out: string | undefined }
  | { readonly action: 'passwords'; readonly file: string };

export const USAGE = `rights: users of the broker and of Postgres that may do no more than they need

  rights passwords FILE             adds a random password to FILE, an .env, for each user that has none there
  rights list                       what each user of the broker may do
  rights definitions [--out FILE]   definitions for RabbitMQ: users, rights, exchanges, queues and bindings
  rights database                   brings the tables up to date; makes Postgres' roles and gives them their rights

  --out FILE   write there, for its owner and no other to read; default: standard output
  --help       this text

Settings, from the environment; each password may also come from a file, as NAME_FILE:
  RABBITMQ_PASS_RELAY, _GATEWAY, _AUDIT_LOGGER, _MODERATOR, _CONSOLE, _SMS_SERVICE, _PRODUCER, _STUDIO_DASHBOARD, _WBOR_ENDEC, _WBOR_UPS,
    _WBOR_FAILSAFE_NOTIFIER, _OPERATOR: a user without a password is left out
  RABBITMQ_USER, RABBITMQ_PASS: the broker's administrator; left out without RABBITMQ_PASS
  RABBITMQ_EXCHANGE, QUEUE_PREFIX, RABBITMQ_VHOST, NOTIFICATIONS_EXCHANGE: as for the services
  RABBITMQ_MAY_DECLARE: users that may declare the shared exchange, and so delete it, for programs that declare it at each start
  DATABASE_URL: Postgres, as the owner of the tables, who may create roles
  POSTGRES_PASS_AUDIT_LOGGER, _MODERATOR, _CONSOLE, _READER: a role without one keeps the password that it has, if any
  POSTGRES_ROLE_PREFIX: stands before the names of the roles, for a server with several databases of ours
Passwords are written as hashes only. Exit codes: 0 done, 1 failed, 2 a command line that makes no sense.
`;

/** @throws UsageError */
export function parseRightsCommand(argv: readonly string[]): RightsCommand | 'help' {
  const { positionals, values } = parseCommandLine(argv, {
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' }, out: { type: 'string' } },
  });
  const { help, out } = values;
  const [action, ...rest] = positionals;
  if (help || action === undefined) return 'help';
  if (out !== undefined && action !== 'definitions') throw new UsageError('--out is for definitions only');
  if (action === 'passwords') {
    const [file] = rest;
    if (file === undefined || rest.length > 1) throw new UsageError('passwords takes one file');
    return { action, file };
  }
  if (rest.length > 0) throw new UsageError(`${action} takes nothing more`);
  if (action === 'definitions') return { action, out };
  if (action === 'list' || action === 'database') return { action };
  throw new UsageError(`unknown command ${action}`);
}
