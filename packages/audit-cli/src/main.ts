import { runCommandLine } from '@wbor/command-line';
import { parseConfig } from '@wbor/service';
import {
  type ExportCommand,
  type ForgetCommand,
  parseAuditCommand,
  type RetainCommand,
  USAGE,
} from './command.ts';
import { exportSettings, forgetSettings, retainSettings } from './config.ts';
import { createProgress } from './export/progress.ts';
import { runExport } from './export/run-export.ts';
import { runForget } from './forget/run-forget.ts';
import { runRetain } from './retain/run-retain.ts';

async function run(command: ExportCommand | ForgetCommand | RetainCommand): Promise<number> {
  if (command.action === 'forget')
    return runForget(command, parseConfig(forgetSettings, process.env), process);

  const stopped = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stopped.abort(new Error('stopped before the end')));
  if (command.action === 'retain') {
    const config = parseConfig(retainSettings, process.env);
    await runRetain(command, config, { stdout: process.stdout, signal: stopped.signal });
    return 0;
  }
  const progress = createProgress(process.stderr);
  const { stdout } = process;
  const connectionString = parseConfig(exportSettings, process.env).DATABASE_URL.reveal();
  try {
    const count = await runExport(command, connectionString, { progress, signal: stopped.signal, stdout });
    progress.end();
    if (command.out !== '-')
      process.stderr.write(`${count.toLocaleString('en-US')} rows in ${command.out}\n`);
    return 0;
  } finally {
    progress.end();
  }
}

process.exitCode = await runCommandLine({ name: 'audit', usage: USAGE, parse: parseAuditCommand, run });
