import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, TestkitError } from '../errors.ts';
import { lastingPort } from '../free-port.ts';
import { claimFolder } from '../process/claim-folder.ts';
import { type KeptProcess, removeFolderAtEnd, spawnKept } from '../process/keep.ts';
import { lastLines, runCommand } from '../process/run-command.ts';
import { waitFor } from '../wait.ts';
import { brokerAnswers } from './answers.ts';
import { buildControlMethods } from './control.ts';
import type { RabbitmqInstallation } from './installation.ts';
import { type NodePlace, prepareFolder } from './node-folder.ts';
import type { BrokerStartOptions, TestBroker } from './types.ts';

// Independent of the machine's name, which may change between two runs on the same data.
const NODE_NAME = 'wbor@localhost';
const BOOT_TIMEOUT_MS = 90_000;

/** A broker whose folder is ours. */
export interface InstalledBroker extends TestBroker {
  /** What it has written since its last start. */
  readLog(): Promise<string>;
}

/**
 * Starts a RabbitMQ of this machine for us alone: own ports, folders, cookie and epmd; another one is not touched.
 *
 * @param place of a node of a cluster, whose epmd is the cluster's.
 */
export async function startInstalledBroker(
  installation: RabbitmqInstallation,
  options: BrokerStartOptions,
  place?: NodePlace,
): Promise<InstalledBroker> {
  const temporary = options.dataDir === undefined;
  const root =
    options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'wbor-rabbitmq-')) : options.dataDir;
  const keepFolder = temporary ? removeFolderAtEnd(root) : undefined;
  await mkdir(root, { recursive: true });
  const claim = await claimFolder(root);

  const [amqpPort, distPort, epmdPort, managementPort] = await Promise.all([
    lastingPort(),
    place?.distPort ?? lastingPort(),
    place?.epmdPort ?? lastingPort(),
    lastingPort(),
  ]);
  const ports = { amqpPort, distPort, epmdPort, managementPort };
  const node = place ?? { name: NODE_NAME };
  const env = { ...(await prepareFolder(root, ports, node, options)), ...installation.env };
  const url = `amqp://guest:guest@127.0.0.1:${amqpPort}`;
  const logPath = join(root, 'broker.log');
  let epmd: KeptProcess | undefined;
  let server: KeptProcess | undefined;

  async function start(): Promise<void> {
    if (server?.running) return;
    // In the foreground: the epmd that Erlang starts by itself detaches and outlives everything.
    if (place === undefined && installation.epmdPath !== undefined && !epmd?.running) {
      epmd = await spawnKept(installation.epmdPath, ['-port', String(epmdPort), '-address', '127.0.0.1'], {
        stdio: 'ignore',
        env,
        graceMs: 500,
      });
    }
    const log = await open(logPath, 'w');
    try {
      server = await spawnKept(installation.serverPath, [], {
        cwd: root,
        env,
        stdio: ['ignore', log.fd, log.fd],
        graceMs: 20_000,
        ...(temporary ? { orphanGraceMs: 0 } : {}),
      });
    } finally {
      await log.close();
    }
    await claim.record(server.pid);
    await untilItAnswers(server);
  }

  async function untilItAnswers(process: KeptProcess): Promise<void> {
    try {
      await waitFor(() => !process.running || brokerAnswers(url), {
        timeoutMs: BOOT_TIMEOUT_MS,
        intervalMs: 50,
        what: 'RabbitMQ takes connections',
      });
      if (process.running) return;
      throw new TestkitError('BOOT_FAILED', 'RabbitMQ ended while it was starting');
    } catch (error) {
      await process.kill();
      const log = lastLines(await readFile(logPath, 'utf8').catch(() => ''), 25);
      throw new TestkitError(
        'BOOT_FAILED',
        `RabbitMQ ${installation.version} ${installation.origin} did not start: ${messageOf(error)}\n${log}`,
        {
          cause: error,
        },
      );
    }
  }

  const control: TestBroker['control'] = (...args) =>
    runCommand(installation.controlPath, ['-q', '-n', node.name, ...args], { env });

  async function dispose(): Promise<void> {
    // Nobody will read what a temporary broker still has to write.
    await (temporary ? server?.kill() : server?.stop());
    await epmd?.kill();
    await claim.release();
    if (temporary) {
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
      keepFolder?.();
    }
  }

  try {
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    url,
    managementUrl: options.management ? `http://127.0.0.1:${managementPort}` : undefined,
    owned: true,
    get pid() {
      return server?.running ? server.pid : undefined;
    },
    how: `RabbitMQ ${installation.version} ${installation.origin}, started on port ${amqpPort}`,
    start,
    async stop() {
      await server?.stop();
    },
    async kill() {
      await server?.kill();
    },
    control,
    ...buildControlMethods(url, control),
    readLog: () => readFile(logPath, 'utf8'),
    dispose,
  };
}
