import type { ExportedTable } from '@wbor/database';
import { stringify } from 'csv-stringify/sync';

/**
 * CSV as RFC 4180 has it, in UTF-8, with a header. As with Postgres' own, null is an empty cell and an empty text is
 * `""`.
 *
 * What strangers write must not be run as a formula by the spreadsheet that opens it: a text that begins like one gets
 * a `'` before it, unless it is to be exact.
 */
export async function* csvOf(
  { batches, columns }: ExportedTable,
  { exact }: { readonly exact: boolean },
): AsyncGenerator<Uint8Array> {
  const names = columns.map(({ name }) => name);
  const toCsv = (rows: (string | null)[][]) =>
    Buffer.from(
      stringify(rows, {
        escape_formulas: !exact,
        quoted_empty: false,
        quoted_match: /^$/,
        record_delimiter: '\r\n',
      }),
    );
  yield toCsv([names]);
  for await (const rows of batches) yield toCsv(rows.map((row) => names.map((name) => row[name] ?? null)));
}
