import { errorMessage } from '@wbor/async';
import { parseConfig } from '@wbor/service';
import { parseAuditCommand, USAGE, UsageError } from './command.ts';
import { exportSettings, forgetSettings, retainSettings } from './config.ts';
import { createProgress } from './export/progress.ts';
import { runExport } from './export/run-export.ts';
import { runForget } from './forget/run-forget.ts';
import { runRetain } from './retain/run-retain.ts';

async function main(): Promise<number> {
  const command = parseAuditCommand(process.argv.slice(2));
  if (command === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
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

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`audit: ${errorMessage(error)}\n`);
  if (error instanceof UsageError) process.stderr.write('See --help.\n');
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
