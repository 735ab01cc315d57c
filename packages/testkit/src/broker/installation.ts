import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';

/** A RabbitMQ on this machine: its own scripts, not the wrappers that distributions put before them. */
export interface RabbitmqInstallation {
  readonly serverPath: string;
  readonly controlPath: string;
  readonly version: string;
  /** Run in the foreground, so that it ends with us; undefined when it was not found. */
  readonly epmdPath: string | undefined;
}

const USUAL_SERVERS = [
  '/usr/lib/rabbitmq/bin/rabbitmq-server',
  '/opt/rabbitmq/sbin/rabbitmq-server',
  '/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server',
  '/usr/local/opt/rabbitmq/sbin/rabbitmq-server',
];

/** Looks in the usual places, then in PATH. Undefined when there is none. */
export async function findRabbitmqInstallation(): Promise<RabbitmqInstallation | undefined> {
  const inPath = searchPath().map((folder) => join(folder, 'rabbitmq-server'));
  for (const candidate of [...USUAL_SERVERS, ...inPath]) {
    if (!existsSync(candidate)) continue;
    const serverPath = realpathSync(candidate);
    const controlPath = join(dirname(serverPath), 'rabbitmqctl');
    // Debian's wrapper in /usr/sbin changes the user and writes to /var: of no use here.
    if (!existsSync(controlPath) || readFileSync(serverPath, 'utf8').includes('su rabbitmq')) continue;
    const version = /rabbitmq[_-]server-([0-9][^/]*)/.exec(serverPath)?.[1] ?? 'of unknown version';
    return { serverPath, controlPath, version, epmdPath: await findEpmd() };
  }
  return undefined;
}

async function findEpmd(): Promise<string | undefined> {
  const folders = searchPath();
  const erl = folders.map((folder) => join(folder, 'erl')).find((path) => existsSync(path));
  const erlangRoots = [
    ...(erl === undefined ? [] : [join(dirname(realpathSync(erl)), '..')]),
    '/usr/lib/erlang',
    '/usr/local/lib/erlang',
  ];
  for (const root of erlangRoots) {
    for (const entry of await readdir(root).catch(() => [])) {
      if (entry.startsWith('erts-')) folders.push(join(root, entry, 'bin'));
    }
  }
  return folders.map((folder) => join(folder, 'epmd')).find((path) => existsSync(path));
}

function searchPath(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
}
