import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
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
import type { BrokerStartOptions, TestBroker } from './types.ts';

// Independent of the machine's name, which may change between two runs on the same data.
const NODE_NAME = 'wbor@localhost';
const BOOT_TIMEOUT_MS = 90_000;

/** Starts a RabbitMQ of this machine for us alone: own ports, folders, cookie and epmd; another one is not touched. */
export async function startInstalledBroker(
  installation: RabbitmqInstallation,
  options: BrokerStartOptions,
): Promise<TestBroker> {
  const temporary = options.dataDir === undefined;
  const root =
    options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'wbor-rabbitmq-')) : options.dataDir;
  const keepFolder = temporary ? removeFolderAtEnd(root) : undefined;
  await mkdir(root, { recursive: true });
  const claim = await claimFolder(root);

  const [amqpPort, distPort, epmdPort, managementPort] = await Promise.all([
    lastingPort(),
    lastingPort(),
    lastingPort(),
    lastingPort(),
  ]);
  const ports = { amqpPort, distPort, epmdPort, managementPort };
  const env = { ...(await prepareFolder(root, ports, options)), ...installation.env };
  const url = `amqp://guest:guest@127.0.0.1:${amqpPort}`;
  const logPath = join(root, 'broker.log');
  let epmd: KeptProcess | undefined;
  let server: KeptProcess | undefined;

  async function start(): Promise<void> {
    if (server?.running) return;
    // In the foreground: the epmd that Erlang starts by itself detaches and outlives everything.
    if (installation.epmdPath !== undefined && !epmd?.running) {
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
    runCommand(installation.controlPath, ['-q', '-n', NODE_NAME, ...args], { env });

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
    dispose,
  };
}

interface Ports {
  readonly amqpPort: number;
  readonly distPort: number;
  readonly epmdPort: number;
  readonly managementPort: number;
}

/** Writes the configuration and returns what every RabbitMQ command of ours needs in its environment to follow it. */
async function prepareFolder(
  root: string,
  ports: Ports,
  options: BrokerStartOptions,
): Promise<NodeJS.ProcessEnv> {
  const at = (name: string) => join(root, name);
  await Promise.all([at('data'), at('log'), at('home')].map((folder) => mkdir(folder, { recursive: true })));
  await writeFile(
    at('rabbitmq.conf'),
    [
      `listeners.tcp.1 = 127.0.0.1:${ports.amqpPort}`,
      'log.file = false',
      'log.console = true',
      'log.console.level = info',
      'disk_free_limit.absolute = 50MB',
      // The default reserves half a gigabyte of write-ahead log.
      'raft.wal_max_size_bytes = 67108864',
      // 128 MiB, as it was before version 4: what a deployment may have set is what hostile senders may use.
      'max_message_size = 134217728',
      ...(options.management
        ? [`management.tcp.port = ${ports.managementPort}`, 'management.tcp.ip = 127.0.0.1']
        : []),
      ...(options.config ?? []),
      '',
    ].join('\n'),
  );
  await writeFile(at('enabled_plugins'), options.management ? '[rabbitmq_management].\n' : '[].\n');
  await writeFile(at('rabbitmq-env.conf'), '');
  const cookie = join(root, 'home', '.erlang.cookie');
  // A secret of its own: nobody else's Erlang can join this node. Kept, since it cannot be overwritten (0400).
  await writeFile(cookie, randomBytes(16).toString('hex'), { flag: 'wx' }).catch(ignoreExisting);
  await chmod(cookie, 0o400);
  return {
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    HOME: at('home'),
    RABBITMQ_NODENAME: NODE_NAME,
    RABBITMQ_DIST_PORT: String(ports.distPort),
    RABBITMQ_MNESIA_BASE: at('data'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
    RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'),
    RABBITMQ_CONF_ENV_FILE: at('rabbitmq-env.conf'),
    // The defaults allocate tables for a million processes and five million atoms: two of the five seconds of a start.
    RABBITMQ_SERVER_ERL_ARGS: '+P 131072 +t 1048576 +sbwt none +sbwtdcpu none +sbwtdio none',
    ERL_EPMD_PORT: String(ports.epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // The start script then becomes the server, instead of staying before it as a parent.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}
