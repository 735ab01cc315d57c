import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { removeFolderAtEnd, spawnKept } from '../process/keep.ts';
import { libraryPath, unpackPackages } from '../unpack-packages.ts';
import { waitFor } from '../wait.ts';
import { postgresAnswers } from './databases.ts';
import { chooseRunAs } from './run-as.ts';

/** A pooler before a Postgres. */
export interface TestPooler {
  /** The same URL, leading through the pooler. */
  url(forUrl: string): string;
  dispose(): Promise<void>;
}

/**
 * Starts Debian's pgbouncer in transaction mode.
 * @param settings of its own, beyond what makes it work.
 * @throws TestkitError `COMMAND_FAILED` where its package cannot be had.
 */
export async function startPgbouncer(
  serverUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestPooler> {
  const folder = await unpackPackages({ name: 'pgbouncer' });
  const program = join(folder, 'usr/sbin/pgbouncer');
  const root = await mkdtemp(join(tmpdir(), 'wbor-pgbouncer-'));
  const keepFolder = removeFolderAtEnd(root);
  const config = join(root, 'pgbouncer.ini');
  const { hostname, port: serverPort } = new URL(serverUrl);
  const port = await freePort();
  const lines = Object.entries({
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    ...settings,
  }).map(([name, value]) => `${name} = ${value}`);
  const databases = `[databases]\n* = host=${hostname} port=${serverPort} user=postgres\n`;
  await writeFile(config, `${databases}[pgbouncer]\n${lines.join('\n')}\n`);
  const runAs = await chooseRunAs([program, config]);
  await runAs.giveFolder(root);
  const owner = await stat(root);
  await chown(config, owner.uid, owner.gid);
  const [command, args] = runAs.wrap(program, ['--quiet', config]);
  const server = await spawnKept(command, args, {
    cwd: root,
    env: { PATH: process.env.PATH, LD_LIBRARY_PATH: await libraryPath(folder) },
    stdio: 'ignore',
  });
  const url = (forUrl: string): string => {
    const result = new URL(forUrl);
    result.hostname = '127.0.0.1';
    result.port = String(port);
    return result.href;
  };
  await waitFor(() => !server.running || postgresAnswers(url(serverUrl)), { what: 'pgbouncer answers' });
  return {
    url,
    async dispose() {
      await server.kill();
      await rm(root, { recursive: true, force: true });
      keepFolder();
    },
  };
}
