import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, TestkitError } from '../errors.ts';
import { lastingPort } from '../free-port.ts';
import { claimFolder } from '../process/claim-folder.ts';
import { type KeptProcess, removeFolderAtEnd, spawnKept } from '../process/keep.ts';
import { lastLines, runCommand } from '../process/run-command.ts';
import { waitFor } from '../wait.ts';
import type { PostgresBinaries } from './binaries.ts';
import { createDatabase, postgresAnswers } from './databases.ts';
import { chooseRunAs } from './run-as.ts';
import type { PostgresStartOptions, TestPostgres } from './types.ts';

/** Loopback only, and nothing in it but test data. Whoever is not the superuser is asked for a password, as elsewhere. */
const WHO_MAY_CONNECT = `host all postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
`;

/** Starts a Postgres of our own on loopback. */
export async function startEmbeddedPostgres(
  binaries: PostgresBinaries,
  options: PostgresStartOptions,
): Promise<TestPostgres> {
  const env = { PATH: process.env.PATH, LC_ALL: 'C', LD_LIBRARY_PATH: binaries.libraryPath ?? '' };
  const temporary = options.dataDir === undefined;
  const root =
    options.dataDir === undefined ? await mkdtemp(join(tmpdir(), 'wbor-postgres-')) : options.dataDir;
  const keepFolder = temporary ? removeFolderAtEnd(root) : undefined;
  await mkdir(root, { recursive: true });
  const claim = await claimFolder(root);
  const cluster = join(root, 'data');
  const logPath = join(root, 'postgres.log');
  const runAs = await chooseRunAs([binaries.postgres, cluster]);
  await runAs.giveFolder(root);
  const tls = await writeKeyPair();

  const port = await lastingPort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  let server: KeptProcess | undefined;

  async function start(): Promise<void> {
    if (server?.running) return;
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      ...tls,
      max_connections: '200',
      // Only what a power cut may destroy is given up, and only for data that nobody keeps.
      ...(temporary ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const [command, args] = runAs.wrap(binaries.postgres, ['-D', cluster, ...flags]);
    const log = await open(logPath, 'w');
    try {
      server = await spawnKept(command, args, {
        cwd: root,
        env,
        stdio: ['ignore', log.fd, log.fd],
        // "Fast shutdown". The server ends its own children, each of which is a group of its own.
        stopSignal: 'SIGINT',
        group: false,
        graceMs: 15_000,
        ...(temporary ? { orphanGraceMs: 1_000 } : {}),
      });
    } finally {
      await log.close();
    }
    await claim.record(server.pid);
    await untilItAnswers(server);
  }

  async function untilItAnswers(process: KeptProcess): Promise<void> {
    try {
      await waitFor(() => !process.running || postgresAnswers(url), {
        timeoutMs: 60_000,
        what: 'Postgres takes connections',
      });
      if (process.running) return;
      throw new TestkitError('BOOT_FAILED', 'Postgres ended while it was starting');
    } catch (error) {
      await process.kill();
      const log = lastLines(await readFile(logPath, 'utf8').catch(() => ''), 20);
      throw new TestkitError('BOOT_FAILED', `Postgres did not start: ${messageOf(error)}\n${log}`, {
        cause: error,
      });
    }
  }

  async function dispose(): Promise<void> {
    await server?.stop();
    await claim.release();
    if (temporary) {
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
      keepFolder?.();
    }
  }

  async function writeKeyPair(): Promise<Record<string, string>> {
    if (options.tls === undefined) return {};
    const files = { ssl_cert_file: options.tls.cert, ssl_key_file: options.tls.key };
    const settings: Record<string, string> = { ssl: 'on' };
    for (const [setting, content] of Object.entries(files)) {
      const path = join(root, setting);
      await writeFile(path, content);
      // Postgres takes no key that others may read.
      await chmod(path, 0o600);
      await runAs.giveFolder(path);
      settings[setting] = path;
    }
    return settings;
  }

  try {
    if (!existsSync(join(cluster, 'initialised'))) await initialise();
    await start();
  } catch (error) {
    await dispose();
    throw error;
  }

  async function initialise(): Promise<void> {
    // A folder without the mark is one whose initdb was interrupted: nothing in it is worth keeping.
    await rm(cluster, { recursive: true, force: true });
    const sync = temporary ? ['--no-sync'] : [];
    const [command, args] = runAs.wrap(binaries.initdb, [
      `--pgdata=${cluster}`,
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
      ...sync,
    ]);
    await runCommand(command, args, { env, cwd: root });
    await writeFile(join(cluster, 'pg_hba.conf'), WHO_MAY_CONNECT);
    await (await open(join(cluster, 'initialised'), 'w')).close();
  }

  return {
    url,
    owned: true,
    get pid() {
      return server?.running ? server.pid : undefined;
    },
    how: `embedded Postgres ${binaries.version}, started on port ${port}`,
    start,
    async stop() {
      await server?.stop();
    },
    createDatabase: (template) => createDatabase(url, template),
    dispose,
  };
}
