import { auditTables } from '@wbor/database';
import { describe, expect, it } from 'vitest';
import { parseAuditCommand, UsageError } from './command.ts';

describe('audit export', () => {
  it('is of the whole audit, to stdout, unless it is told otherwise', () => {
    expect(parseAuditCommand(['export'])).toMatchObject({ format: 'ndjson', tables: auditTables, out: '-' });
    const line =
      'export --format csv --table groupme_posts --since 2026-11-01 --until 2026-11-30T12:00 --out a.csv';
    expect(parseAuditCommand(line.split(' '))).toMatchObject({
      format: 'csv',
      tables: ['groupme_posts'],
      range: { since: new Date('2026-11-01T00:00:00Z'), until: new Date('2026-11-30T12:00:00Z') },
      out: 'a.csv',
      isFolder: false,
    });
    expect(parseAuditCommand(['export', '--format', 'parquet', '--out', 'all/'])).toMatchObject({
      isFolder: true,
    });
  });

  it.each([
    ['export --format xml'],
    ['export --format csv'],
    ['export --format parquet --out all'],
    ['export --table pg_authid'],
    ['export --table toString'],
    ['export --since yesterday'],
    ['export --since 2026-13-01'],
    ['export --table stats_overall --since 2026-01-01'],
    ['export --exact'],
    ['export groupme_posts'],
    ['export --yes'],
    ['forget'],
    ['forget 2075550123 --format csv'],
    ['import'],
    ['export --colour'],
    ['retain --yes'],
    ['retain --daily --dry-run'],
    ['retain 90'],
    ['forget 2075550123 --daily'],
  ])('refuses %j instead of guessing', (line) => {
    expect(() => parseAuditCommand(line.split(' '))).toThrow(UsageError);
  });
});

it('takes a number that is written with blanks', () => {
  expect(parseAuditCommand(['forget', '+1', '207', '555', '0123', '--dry-run'])).toMatchObject({
    number: '+1 207 555 0123',
    dryRun: true,
    yes: false,
    liftBan: false,
  });
});

it('retains once, or daily', () => {
  expect(parseAuditCommand(['retain'])).toEqual({ action: 'retain', daily: false, dryRun: false });
  expect(parseAuditCommand(['retain', '--daily'])).toMatchObject({ daily: true });
});

it.each([[[]], [['--help']], [['export', '-h']]])('shows help for %j', (argv) => {
  expect(parseAuditCommand(argv)).toBe('help');
});
