import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createDatabase, type ExportedTable, readSnapshot } from '@wbor/database';
import type { ExportCommand } from '../command.ts';
import { type Format, writers } from './formats.ts';
import { type Output, streamOutput, writeFileWhole } from './output.ts';
import type { Progress } from './progress.ts';

/** Sorting a large table takes a while before the first row comes; a reader may stand still for as long. */
const STANDSTILL_MS = 600_000;

/**
 * Exports what the command names.
 *
 * @returns how many rows.
 * @throws ReaderGoneError, the abort's reason, or what Postgres or the disk says. A file is then not there.
 */
export async function runExport(
  command: ExportCommand,
  connectionString: string,
  { progress, signal, stdout }: { progress: Progress; signal: AbortSignal; stdout: NodeJS.WriteStream },
): Promise<number> {
  const { close, db } = createDatabase({
    connectionString,
    applicationName: 'wbor audit export',
    maxConnections: 1,
    statementTimeoutMs: STANDSTILL_MS,
    idleInTransactionTimeoutMs: STANDSTILL_MS,
  });
  let count = 0;
  const options = { exact: command.exact };

  async function* counted({ batches, table }: ExportedTable) {
    for await (const rows of batches) {
      signal.throwIfAborted();
      count += rows.length;
      progress.add(table, rows.length);
      yield rows;
    }
  }

  async function writeTable(table: ExportedTable, output: Output): Promise<void> {
    for await (const bytes of writers[command.format]({ ...table, batches: counted(table) }, options))
      await output.write(bytes);
  }

  const readAll = (use: (table: ExportedTable) => Promise<void>) =>
    readSnapshot(db, command.tables, command.range, use);

  try {
    if (command.out === '-') {
      const output = streamOutput(stdout);
      await readAll((table) => writeTable(table, output));
    } else if (command.isFolder) {
      await mkdir(command.out, { recursive: true, mode: 0o700 });
      await readAll((table) =>
        writeFileWhole(join(command.out, fileName(table.table, command.format)), (output) =>
          writeTable(table, output),
        ),
      );
    } else {
      await writeFileWhole(command.out, (output) => readAll((table) => writeTable(table, output)));
    }
    return count;
  } finally {
    await close();
  }
}

function fileName(table: string, format: Format): string {
  return `${table}.${format}`;
}
