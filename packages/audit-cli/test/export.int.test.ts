import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import {
  type ExportableTable,
  exportableTables,
  createDatabase as openDatabase,
  readSnapshot,
} from '@wbor/database';
import { parquetReadObjects } from 'hyparquet';
import type pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAuditDatabase, runAudit } from './audit-bed.ts';

const AWKWARD = 'line 1\r\nline "2",\t;\n\'=1+1 👩‍👩‍👧 שלום \u2028 \\n';

/** Of 2026-11-01: awkward; of the 2nd: nulls and an empty text; of the 3rd: a formula. Times in microseconds. */
async function addPosts(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into groupme_posts (event_id, occurred_at, received_at, wbor_message_id, source, code, text, duration_ms, payload)
     values ('00000000-0000-4000-8000-000000000001', '2026-11-01T00:00:00.123456Z', '2026-11-01', 'm-1', 'ups', 202, $1,
         0.1, '{"big": 12345688901234568890, "text": "\\"\\n👩", "nested": [1.50, null]}'),
       ('00000000-0000-4000-8000-000000000002', '2026-11-02', '2026-11-02', null, null, null, '', null, '{}'),
       ('00000000-0000-4000-8000-000000000003', '2026-11-03', '2026-11-03', 'm-3', 'ups', 0, '=HYPERLINK("x")', -1, '{}')`,
    [AWKWARD],
  );
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'audit-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Reads CSV by the grammar of RFC 4180, an empty cell as null and `""` as an empty text. */
function readCsv(text: string): (string | null)[][] {
  const rows: (string | null)[][] = [[]];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? (plain === '' ? null : plain));
    if (end === '\r\n') rows.push([]);
  }
  return rows.slice(0, -1);
}

describe('awkward values come back as they were', () => {
  it('from NDJSON, with every digit', async () => {
    const { pool, url } = await openAuditDatabase();
    await addPosts(pool);
    const { code, stderr, stdout } = await runAudit({ DATABASE_URL: url }, 'export');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      table: 'groupme_posts',
      occurred_at: '2026-11-01T00:00:00.123456Z',
      text: AWKWARD,
      code: 202,
      duration_ms: 0.1,
      sender: null,
    });
    expect(lines[0]).toContain('"big": 12345688901234568890');
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ text: '', wbor_message_id: null });
  });

  it('from CSV; a spreadsheet is given no formula, unless it is to be exact', async () => {
    const { pool, url } = await openAuditDatabase();
    await addPosts(pool);
    const csv = ['export', '--format', 'csv', '--table', 'groupme_posts'] as const;
    const [header = [], ...rows] = readCsv((await runAudit({ DATABASE_URL: url }, ...csv)).stdout);
    const texts = rows.map((row) => row[header.indexOf('text')]);
    expect(texts).toEqual([AWKWARD, '', '\'=HYPERLINK("x")']);
    expect(rows.map((row) => row[header.indexOf('source')])).toEqual(['ups', null, 'ups']);
    expect(JSON.parse(rows[0]?.[header.indexOf('payload')] ?? '')).toMatchObject({ text: '"\n👩' });
    const exact = readCsv(
      (await runAudit({ DATABASE_URL: url }, ...csv, '--exact', '--since', '2026-11-03')).stdout,
    );
    expect(exact).toHaveLength(2);
    expect(exact[1]?.[header.indexOf('text')]).toBe('=HYPERLINK("x")');
  });

  it('from Parquet, a file for each table, bytes and times among it', async () => {
    const { pool, url } = await openAuditDatabase();
    await addPosts(pool);
    await pool.query(
      `insert into audit_rejected (event_id, routing_key, headers, body, error)
       values (gen_random_uuid(), 'key', '{}', '\\x00ff0a22', 'odd')`,
    );
    const folder = await makeFolder();
    const { code, stdout } = await runAudit(
      { DATABASE_URL: url },
      'export',
      '--format',
      'parquet',
      '--out',
      `${folder}/`,
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const read = async (table: string) => {
      const { buffer, byteLength, byteOffset } = await readFile(join(folder, `${table}.parquet`));
      const file = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
      return parquetReadObjects({ file, utf8: false });
    };
    const posts = await read('groupme_posts');
    expect(posts).toMatchObject([
      { text: AWKWARD, code: 202, duration_ms: 0.1, sender: null, wbor_message_id: 'm-1' },
      { text: '', code: null, duration_ms: null },
      { text: '=HYPERLINK("x")', code: 0, duration_ms: -1 },
    ]);
    expect(posts[0]?.occurred_at).toEqual(new Date('2026-11-01T00:00:00.123Z'));
    expect(posts[0]?.payload).toContain('12345688901234568890');
    expect(
      (await read('audit_rejected')).map(({ body }) => Buffer.from(body as Uint8Array).toString('hex')),
    ).toEqual(['00ff0a22']);
    expect(await read('groupme_echoes')).toEqual([]);
  });
});

it('of all tables and views is of one moment, whatever is stored meanwhile', async () => {
  const { pool, url } = await openAuditDatabase();
  await addPosts(pool);
  const { close, db } = openDatabase({ connectionString: url });
  onTestFinished(close);
  const tables = Object.keys(exportableTables) as ExportableTable[];
  const seen: Record<string, number> = {};
  await readSnapshot(db, tables, {}, async ({ batches, table }) => {
    await pool.query(
      `insert into groupme_posts (event_id, occurred_at, wbor_message_id, payload)
       values (gen_random_uuid(), now(), gen_random_uuid(), '{}')`,
    );
    for await (const rows of batches) seen[table] = (seen[table] ?? 0) + rows.length;
  });
  const stats = { stats_overall: 1, stats_by_day: 2, stats_by_source: 1 };
  expect(seen).toEqual({ groupme_posts: 3, groupme_messages: 2, message_story: 2, ...stats });
});

it('leaves a whole file or none, which its owner alone may read', async () => {
  const { pool, url } = await openAuditDatabase();
  await addPosts(pool);
  const folder = await makeFolder();
  const out = join(folder, 'audit.ndjson');
  await runAudit({ DATABASE_URL: url }, 'export', '--out', out);
  const before = await readFile(out, 'utf8');
  expect((await stat(out)).mode & 0o777).toBe(0o600);
  await pool.query('drop table audit_removals');
  const failed = await runAudit({ DATABASE_URL: url }, 'export', '--out', out);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('audit_removals') });
  expect(await readFile(out, 'utf8')).toBe(before);
  expect(await readdir(folder)).toEqual(['audit.ndjson']);
});

it('ends when whoever reads it has gone', async () => {
  const { pool, url } = await openAuditDatabase();
  await pool.query(
    `insert into groupme_callbacks (event_id, occurred_at, text, payload)
     select gen_random_uuid(), now(), repeat('x', 1000), '{}' from generate_series(1, 5000)`,
  );
  const main = join(import.meta.dirname, '../src/main.ts');
  const child = spawn(process.execPath, [main, 'export'], { env: { ...process.env, DATABASE_URL: url } });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect(await once(child, 'exit')).toEqual([1, null]);
});
