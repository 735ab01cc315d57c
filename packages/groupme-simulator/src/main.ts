import process from 'node:process';
import { type CliOptions, HELP, parseCli } from './cli.ts';
import { startSimulator } from './start-simulator.ts';

async function run({ host, port, callbackUrl }: CliOptions): Promise<void> {
  const simulator = await startSimulator({ host, port, callbackUrl });
  process.stdout.write(
    [
      `chat page   ${simulator.url}/`,
      `API         ${simulator.apiUrl}`,
      `images      ${simulator.imageUrl}`,
      `bot id      ${simulator.botId}`,
      `token       ${simulator.accessToken}`,
      `group id    ${simulator.groupId}`,
      '',
    ].join('\n'),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void simulator.stop());
  }
}

try {
  const options = parseCli(process.argv.slice(2));
  if (options.help) process.stdout.write(HELP);
  else await run(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
