import type { ExportColumn, ExportedTable, ExportRow } from '@wbor/database';

/** One JSON object a line: the name of the table, then its columns. */
export async function* ndjsonOf({ batches, columns, table }: ExportedTable): AsyncGenerator<Uint8Array> {
  for await (const rows of batches) {
    yield Buffer.from(rows.map((row) => toLine(table, columns, row)).join(''));
  }
}

function toLine(table: string, columns: readonly ExportColumn[], row: ExportRow): string {
  const fields = columns.map(
    ({ kind, name }) => `${JSON.stringify(name)}:${toJson(kind, row[name] ?? null)}`,
  );
  return `{"table":${JSON.stringify(table)},${fields.join(',')}}\n`;
}

/** What Postgres writes of these is JSON already, with every digit. */
function toJson(kind: ExportColumn['kind'], text: string | null): string {
  if (text === null) return 'null';
  if (kind === 'json' || kind === 'integer' || kind === 'bigint' || kind === 'boolean') return text;
  // Infinity and NaN are no JSON.
  if (kind === 'double' && Number.isFinite(Number(text))) return text;
  return JSON.stringify(text);
}
