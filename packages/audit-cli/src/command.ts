import { parseArgs } from 'node:util';
import { errorMessage } from '@wbor/async';
import { auditTables, type ExportableTable, type ExportRange, exportableTables } from '@wbor/database';
import { FORMATS, type Format } from './export/formats.ts';

export interface ExportCommand {
  readonly action: 'export';
  readonly format: Format;
  readonly tables: readonly ExportableTable[];
  readonly range: ExportRange;
  /** A file, a folder, or `-` for stdout. */
  readonly out: string;
  /** Whether `out` is a folder, for a file a table. */
  readonly isFolder: boolean;
  readonly exact: boolean;
}

export interface ForgetCommand {
  readonly action: 'forget';
  /** As it was typed. */
  readonly number: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly liftBan: boolean;
  readonly evenIfWaiting: boolean;
}

export interface RetainCommand {
  readonly action: 'retain';
  readonly dryRun: boolean;
  /** Does not end, and does it again every day. */
  readonly daily: boolean;
}

/** A command line that makes no sense. The text is for the operator. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

export const USAGE = `audit: exports the audit, removes a person from it, or what is over its time

  audit export                    everything, to stdout, as one JSON object a line
    --format ndjson|csv|parquet   default ndjson
    --table NAME                  one table or view; may be repeated. Default: ${auditTables.length} tables, which are the audit
    --since T, --until T          from T on, before T: 2026-11-30 or 2026-11-30T12:00:00Z; without a zone it is UTC
    --out FILE | FOLDER/ | -      FOLDER/ gets a file for each table, which CSV and Parquet need if there are several
    --exact                       CSV: no ' before what a spreadsheet would take for a formula

  audit forget NUMBER             removes a person's number, name, words and pictures from database and queues
    --dry-run                     says what it would remove, and removes nothing
    --yes                         does not ask
    --lift-ban                    lifts a ban of the number too; without it the ban keeps the number
    --even-if-waiting             although messages wait in queues that are worked on: they are not looked into

  audit retain                    removes what is older than AUDIT_RETENTION and AUDIT_CHAT_RETENTION say, and makes
                                  partitions for the months to come; see docs/operations.md
    --dry-run                     says what it would remove, and removes nothing
    --daily                       goes on, and does it again every day
  --help                          this text

Tables and views: ${Object.keys(exportableTables).join(', ')}.

DATABASE_URL names the database. retain must be the owner of its tables: AUDIT_RETENTION (default forever) is how long the audit
is kept, AUDIT_CHAT_RETENTION (default 90 days) how long what members write in the chat: forever, 90 days, 13 months, 2 years.
forget must be the owner of its tables, and needs the broker as well: RABBITMQ_URL, or
RABBITMQ_HOST and its companions; QUEUE_PREFIX and STATION_COUNTRY count too.
Exit codes: 0 done; 1 failed, and the file is not there; 2 the command line is wrong; 3 forget: something is left, which it names.
`;

/** @throws UsageError */
export function parseAuditCommand(
  argv: readonly string[],
): ExportCommand | ForgetCommand | RetainCommand | 'help' {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    throw new UsageError(errorMessage(error));
  }
  const { values, positionals } = parsed;
  if (values.help || positionals.length === 0) return 'help';
  const [action, ...rest] = positionals;
  if (action === 'export') return toExport(values, rest);
  if (action === 'forget') return toForget(values, rest);
  if (action === 'retain') return toRetain(values, rest);
  throw new UsageError(`unknown command ${action}`);
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      daily: { type: 'boolean' },
      'dry-run': { type: 'boolean' },
      'even-if-waiting': { type: 'boolean' },
      exact: { type: 'boolean' },
      format: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      'lift-ban': { type: 'boolean' },
      out: { type: 'string' },
      since: { type: 'string' },
      table: { type: 'string', multiple: true },
      until: { type: 'string' },
      yes: { type: 'boolean' },
    },
  });
}

type Values = ReturnType<typeof parse>['values'];

const EXPORT_OPTIONS = ['exact', 'format', 'out', 'since', 'table', 'until'];
const FORGET_OPTIONS = ['dry-run', 'even-if-waiting', 'lift-ban', 'yes'];
const RETAIN_OPTIONS = ['daily', 'dry-run'];

function toExport(values: Values, rest: readonly string[]): ExportCommand {
  if (rest.length > 0) throw new UsageError(`export does not take ${rest.join(' ')}`);
  refuse(values, EXPORT_OPTIONS, 'export');
  const { exact = false, format = 'ndjson', out = '-', since, table, until } = values;
  if (!isOneOf(FORMATS, format)) throw new UsageError(`--format is one of ${FORMATS.join(', ')}`);
  const tables = table === undefined ? auditTables : [...new Set(table)].map(readTable);
  const isFolder = out.endsWith('/');
  if (format !== 'ndjson' && tables.length > 1 && !isFolder)
    throw new UsageError(`a ${format} file holds one table: give one --table, or a folder (--out NAME/)`);
  if (exact && format !== 'csv') throw new UsageError('--exact is for CSV; the other formats are exact');
  const range = { since: readTime('--since', since), until: readTime('--until', until) };
  const timeless = tables.find((name) => exportableTables[name] === null);
  if (timeless && (since ?? until) !== undefined) throw new UsageError(`${timeless} has no time to cut by`);
  return { action: 'export', format, tables, range, out, isFolder, exact };
}

function toForget(values: Values, rest: readonly string[]): ForgetCommand {
  refuse(values, FORGET_OPTIONS, 'forget');
  const number = rest.join(' ');
  if (number === '') throw new UsageError('forget takes a number');
  return {
    action: 'forget',
    number,
    dryRun: values['dry-run'] === true,
    yes: values.yes === true,
    liftBan: values['lift-ban'] === true,
    evenIfWaiting: values['even-if-waiting'] === true,
  };
}

function toRetain(values: Values, rest: readonly string[]): RetainCommand {
  if (rest.length > 0) throw new UsageError(`retain does not take ${rest.join(' ')}`);
  refuse(values, RETAIN_OPTIONS, 'retain');
  const { daily = false, 'dry-run': dryRun = false } = values;
  if (daily && dryRun) throw new UsageError('--dry-run is for once, not for --daily');
  return { action: 'retain', daily, dryRun };
}

function refuse(values: Values, allowed: readonly string[], action: string): void {
  const wrong = Object.keys(values).find((name) => !allowed.includes(name));
  if (wrong !== undefined) throw new UsageError(`${action} does not take --${wrong}`);
}

function readTable(name: string): ExportableTable {
  if (isOneOf(Object.keys(exportableTables) as ExportableTable[], name)) return name;
  throw new UsageError(`there is no table or view ${name} to export`);
}

const DAY = /^\d{4}-\d\d-\d\d$/;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?$/;

function readTime(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const hasZone = DAY.test(text) || /(Z|[+-]\d\d:\d\d)$/.test(text);
  const time = new Date(hasZone ? text : `${text}Z`);
  if (!(DAY.test(text) || MOMENT.test(text)) || Number.isNaN(time.getTime()))
    throw new UsageError(`${option} is a day or a moment: 2026-11-30 or 2026-11-30T12:00:00Z`);
  return time;
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name);
}
