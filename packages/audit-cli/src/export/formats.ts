import type { ExportedTable } from '@wbor/database';
import { csvOf } from './csv.ts';
import { ndjsonOf } from './ndjson.ts';
import { parquetOf } from './parquet.ts';

export const FORMATS = ['ndjson', 'csv', 'parquet'] as const;
export type Format = (typeof FORMATS)[number];

interface FormatOptions {
  /** CSV: leave a cell that a spreadsheet would take for a formula as it is stored. */
  readonly exact: boolean;
}

/** Bytes of a table in one format, piece by piece; each piece once the one before was taken. */
export type TableWriter = (table: ExportedTable, options: FormatOptions) => AsyncIterable<Uint8Array>;

export const writers: Readonly<Record<Format, TableWriter>> = {
  ndjson: ndjsonOf,
  csv: csvOf,
  parquet: parquetOf,
};
