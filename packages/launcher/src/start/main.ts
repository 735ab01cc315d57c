import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCommandLine, runCommandLine } from '@wbor/command-line';
import { CONSOLE_PASSWORD, createReleases, PASSWORD } from '@wbor/start-system';
import { sayWhenOneEnds } from './say-when-one-ends.ts';
import { type Stack, startStack } from './stack.ts';
import { createSteps } from './steps.ts';
import { takeTour } from './tour.ts';

const USAGE = `npm start [-- OPTIONS]: the whole system on this machine, with a GroupMe simulator to watch

  --once      take the tour, print what arrived, and end
  --no-tour   start, and send nothing
  --data-dir  where data and logs stay from run to run; default .data/, which \`npm run reset\` wipes
  --help      this text

A broker or a database of your own is used
when RABBITMQ_URL or DATABASE_URL is set.
`;

const DATA_DIR = fileURLToPath(new URL('../../../../.data', import.meta.url));
const steps = createSteps(process.stdout);
const releases = createReleases();

async function stopAll(): Promise<void> {
  await releases.releaseAll().catch((error: AggregateError) => {
    for (const failure of error.errors) steps.bad(`could not stop a part: ${String(failure)}`);
  });
}

/** @throws UsageError */
function parse(args: readonly string[]) {
  const { values } = parseCommandLine(args, {
    options: {
      once: { type: 'boolean' },
      'data-dir': { type: 'string' },
      'no-tour': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  return values.help ? 'help' : values;
}

function describe(stack: Stack, logDir: string): void {
  steps.heading('Everything is up. Ctrl-C ends it.');
  steps.line(`  chat page          ${stack.simulator.url}/`);
  steps.line(`  console            ${stack.consoleUrl}/      password: ${CONSOLE_PASSWORD}`);
  steps.line(`  HTTP interface     ${stack.gatewayUrl}/reference`);
  steps.line(
    `  send a message     curl -d '{"password":"${PASSWORD}","source":"ups","body":"Power is back"}' \\`,
  );
  steps.line(`                          -H 'content-type: application/json' ${stack.gatewayUrl}/send`);
  steps.line('  as a program does  npm run fixture      (lists what there is)');
  steps.line(`  parked messages    RABBITMQ_URL=${stack.brokerUrl} npm run parked -- list`);
  steps.line(`  database           ${stack.databaseUrl}`);
  for (const service of stack.services) {
    steps.line(`  ${service.app.padEnd(18)} ${service.healthUrl}/readyz`);
  }
  steps.line(`  logs               ${logDir}`);
}

async function run(options: Exclude<ReturnType<typeof parse>, 'help'>): Promise<number> {
  const dataDir = options['data-dir'] ?? DATA_DIR;
  const logDir = join(dataDir, 'logs');

  let stopping = false;
  /** We stop the services ourselves. */
  let ending = false;
  let complete = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A second signal ends it at once; what was started ends with it all the same.
      if (stopping) process.exit(1);
      stopping = true;
      steps.line('\nstopping …');
      // Ctrl-C is how it is meant to end; but who asked for the tour has not got it.
      const exitCode = options.once && !complete ? 128 + constants.signals[signal] : 0;
      void stopAll().then(() => process.exit(exitCode));
    });
  }

  try {
    steps.heading('Starting');
    const stack = await startStack({ dataDir, logDir, steps, releases });
    sayWhenOneEnds(stack.services, steps, () => stopping || ending);
    complete = options['no-tour'] ? true : await takeTour(stack, steps);
    if (options.once) {
      ending = true;
      await stopAll();
      steps.line(complete ? '\nAll of it arrived.' : '\nNot all of it arrived.');
      steps.line(`What the services logged: ${logDir}`);
      process.exit(complete ? 0 : 1);
    }
    describe(stack, logDir);
  } catch (error) {
    // When a signal came first, the failure is its doing.
    if (!stopping) {
      steps.bad(error instanceof Error ? error.message : String(error));
      steps.line(`What the services logged: ${logDir}`);
      ending = true;
      await stopAll();
      process.exit(1);
    }
  }
  return 0;
}

process.exitCode = await runCommandLine({ name: 'npm start', usage: USAGE, parse, run });
