import type { ExportColumn, ExportedTable, ExportRow } from '@wbor/database';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

/** A group is in memory as a whole, so it is bounded by both; readers want it large. */
const GROUP_ROWS = 20_000;
const GROUP_LENGTH = 16_000_000;

/** How each kind of column is stored. All are nullable. */
const TYPES = {
  text: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  date: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  bytes: { type: 'BYTE_ARRAY' },
  integer: { type: 'INT32' },
  bigint: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  time: { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' },
} as const;

/**
 * Parquet, compressed with Snappy, one row group after the other: memory holds one group. JSON and days are texts, times
 * microseconds in UTC.
 */
export async function* parquetOf({ batches, columns }: ExportedTable): AsyncGenerator<Uint8Array> {
  const buffer = new ByteWriter();
  const writer = new ParquetWriter({
    writer: buffer,
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(({ kind, name }) => ({ name, ...TYPES[kind], repetition_type: 'OPTIONAL' as const })),
    ],
    createdBy: 'wbor-groupme',
  });

  /** What has been written since the last call. The writer goes on counting from the beginning. */
  function taken(): Uint8Array {
    const bytes = buffer.getBytes().slice();
    buffer.index = 0;
    return bytes;
  }

  for await (const group of groupsOf(batches)) {
    const columnData = columns.map(({ kind, name }) => ({
      name,
      data: group.map((row) => toValue(kind, row[name] ?? null)),
    }));
    await writer.write({ columnData, rowGroupSize: group.length });
    yield taken();
  }
  await writer.finish();
  yield taken();
}

async function* groupsOf(batches: AsyncIterable<readonly ExportRow[]>): AsyncGenerator<readonly ExportRow[]> {
  let group: ExportRow[] = [];
  let length = 0;
  for await (const rows of batches) {
    for (const row of rows) {
      group.push(row);
      for (const name in row) length += row[name]?.length ?? 0;
    }
    if (group.length < GROUP_ROWS && length < GROUP_LENGTH) continue;
    yield group;
    group = [];
    length = 0;
  }
  if (group.length > 0) yield group;
}

function toValue(kind: ExportColumn['kind'], text: string | null): unknown {
  if (text === null) return null;
  switch (kind) {
    case 'integer':
    case 'double':
      return Number(text);
    case 'bigint':
      return BigInt(text);
    case 'boolean':
      return text === 'true';
    case 'bytes':
      return new Uint8Array(Buffer.from(text, 'base64'));
    case 'time':
      return toMicroseconds(text);
    default:
      return text;
  }
}

/** Of `2026-11-30T12:00:00.123456Z`: a Date knows milliseconds only. */
function toMicroseconds(text: string): bigint | null {
  const ms = Date.parse(`${text.slice(0, -4)}Z`);
  return Number.isNaN(ms) ? null : BigInt(ms) * 1_000n + BigInt(text.slice(-4, -1));
}
