import { parseArgs } from 'node:util';
import { sourceSchema } from '@wbor/contracts';
import { changeTokenFile, createToken, readTokenFile, type TokenRecord } from './token-file.ts';

export const USAGE = `usage: npm run token -- ACTION [OPTIONS]

  create SOURCE     a new token that speaks for SOURCE alone; it is printed once, and kept nowhere
    --expires WHEN  a number of days (90d) or a date (2027-01-31, UTC); without it never
    --urgent        its messages may say that they are urgent, and then overtake all others
    --note TEXT     for people: who has it, where it stands
  list              id, source, age and note of each token; --json for programs
  revoke ID         the token counts no more; running gateways know it within seconds

  --file FILE       the file of tokens; default: TOKENS_FILE
  --help            this text

A source may have several tokens, so that one can be replaced without a gap: create the next one, change the producer,
revoke the old one. Exit codes: 0 done; 1 not done, as the message says; 2 wrong usage.
`;

/** The command line makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** There is nothing to do it to. */
export class TokenCommandError extends Error {
  override readonly name = 'TokenCommandError';
}

/** Where the command writes: what it was asked for, and words for people. */
export interface TokenOutput {
  out(text: string): void;
  note(text: string): void;
}

/**
 * Runs `create`, `list` or `revoke`.
 * @throws UsageError, TokenCommandError or TokenFileError.
 */
export function runTokenCommand(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  output: TokenOutput,
): void {
  const { options, positionals } = parse(args);
  const [action = '', ...rest] = positionals;
  const [what = ''] = rest;
  if (options.help) {
    output.out(USAGE);
    return;
  }
  if (!Object.hasOwn(TAKES, action))
    throw new UsageError(action ? `there is no action ${action}` : 'say what to do');
  const wanted = TAKES[action as keyof typeof TAKES];
  if (rest.length !== (wanted === 'nothing' ? 0 : 1)) throw new UsageError(`${action} takes ${wanted}`);
  const path = options.file ?? env.TOKENS_FILE?.trim();
  if (!path) throw new UsageError('set TOKENS_FILE, or give --file');
  if (action === 'create') create(path, what, options, output);
  else if (action === 'revoke') revoke(path, what, output);
  else list(readTokenFile(path) ?? [], options.json === true, output);
}

const TAKES = { create: 'one source', list: 'nothing', revoke: 'one id' } as const;

interface Options {
  readonly urgent?: boolean | undefined;
  readonly expires?: string | undefined;
  readonly note?: string | undefined;
  readonly file?: string | undefined;
  readonly json?: boolean | undefined;
  readonly help?: boolean | undefined;
}

function parse(args: readonly string[]): { options: Options; positionals: string[] } {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        expires: { type: 'string' },
        note: { type: 'string' },
        urgent: { type: 'boolean' },
        file: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    return { options: values, positionals };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function create(path: string, name: string, { expires, note, urgent }: Options, output: TokenOutput): void {
  const source = sourceSchema.safeParse(name);
  if (!source.success)
    throw new UsageError(`source ${source.error.issues.map((it) => it.message).join('; ')}`);
  const expires_at = expires === undefined ? undefined : expiryOf(expires, Date.now());
  const { record, token } = createToken({
    source: source.data,
    ...(expires_at === undefined ? {} : { expires_at }),
    ...(urgent ? { urgent } : {}),
    ...(note === undefined ? {} : { note }),
  });
  changeTokenFile(path, (tokens) => [...tokens, record]);
  output.note(`token ${record.id} for ${record.source}; it is shown this once:\n`);
  output.out(`${token}\n`);
}

const DAY_MS = 86_400_000;

/** A number of days, or the end of a day in UTC. */
function expiryOf(text: string, now: number): string {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text);
  const at =
    days === undefined ? Date.parse(isDate ? `${text}T23:59:59.999Z` : '') : now + Number(days) * DAY_MS;
  if (Number.isNaN(at)) throw new UsageError('--expires takes a number of days (90d) or a date (2027-01-31)');
  if (at <= now) throw new UsageError('--expires lies in the past');
  return new Date(at).toISOString();
}

function list(tokens: readonly TokenRecord[], asJson: boolean, output: TokenOutput): void {
  const shown = tokens.map(({ hash: _hash, ...token }) => token);
  if (asJson) output.out(`${JSON.stringify(shown)}\n`);
  else if (shown.length === 0) output.note('there are no tokens\n');
  else output.out(shown.map(lineOf).join(''));
}

function lineOf({ created_at, expires_at, id, note, source, urgent }: Omit<TokenRecord, 'hash'>): string {
  const created = `created ${created_at.slice(0, 10)}`;
  const isOver = expires_at !== undefined && Date.parse(expires_at) <= Date.now();
  const expiry =
    expires_at === undefined ? '' : `  ${isOver ? 'EXPIRED' : 'expires'} ${expires_at.slice(0, 10)}`;
  return `${id.padEnd(10)} ${source.padEnd(20)} ${created}${expiry}${urgent ? '  urgent' : ''}${note ? `  ${note}` : ''}\n`;
}

function revoke(path: string, id: string, output: TokenOutput): void {
  let source: string | undefined;
  changeTokenFile(path, (tokens) => {
    source = tokens.find((token) => token.id === id)?.source;
    if (source === undefined) throw new TokenCommandError(`there is no token ${id}; list shows them all`);
    return tokens.filter((token) => token.id !== id);
  });
  output.note(`token ${id} for ${source} is revoked\n`);
}
