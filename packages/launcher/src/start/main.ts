import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createReleases, PASSWORD } from '@wbor/start-system';
import { type Stack, startStack } from './stack.ts';
import { createSteps } from './steps.ts';
import { takeTour } from './tour.ts';

const USAGE = `npm start [-- OPTIONS]: the whole system on this machine, with a GroupMe simulator to watch

  --once      take the tour, print what arrived, and end
  --no-tour   start, and send nothing
  --data-dir  where data stays from run to run; default .data/, which \`npm run reset\` wipes
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

function readOptions() {
  try {
    return parseArgs({
      options: {
        once: { type: 'boolean' },
        'data-dir': { type: 'string' },
        'no-tour': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}

function describe(stack: Stack): void {
  steps.heading('Everything is up. Ctrl-C ends it.');
  steps.line(`  chat page          ${stack.simulator.url}/`);
  steps.line(`  HTTP interface     ${stack.gatewayUrl}/reference`);
  steps.line(
    `  send a message     curl -d '{"password":"${PASSWORD}","source":"ups","body":"Power is back"}' \\`,
  );
  steps.line(`                          -H 'content-type: application/json' ${stack.gatewayUrl}/send`);
  steps.line(`  parked messages    RABBITMQ_URL=${stack.brokerUrl} npm run parked -- list`);
  steps.line(`  database           ${stack.databaseUrl}`);
  for (const service of stack.services) {
    steps.line(`  ${service.app.padEnd(18)} ${service.healthUrl}/readyz`);
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}

let stopping = false;
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
  const stack = await startStack({ dataDir: options['data-dir'] ?? DATA_DIR, steps, releases });
  complete = options['no-tour'] ? true : await takeTour(stack, steps);
  if (options.once) {
    await stopAll();
    steps.line(complete ? '\nAll of it arrived.' : '\nNot all of it arrived.');
    process.exit(complete ? 0 : 1);
  }
  describe(stack);
} catch (error) {
  // When a signal came first, the failure is its doing.
  if (!stopping) {
    steps.bad(error instanceof Error ? error.message : String(error));
    await stopAll();
    process.exit(1);
  }
}
