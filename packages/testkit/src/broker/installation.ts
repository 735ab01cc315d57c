import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';

/** A RabbitMQ on this machine: its own scripts, not the wrappers that distributions put before them. */
export interface RabbitmqInstallation extends RabbitmqScripts {
  /** For people: follows "RabbitMQ 3.10.8". */
  readonly origin: string;
  /** Run in the foreground, so that it ends with us; undefined when it was not found. */
  readonly epmdPath: string | undefined;
  /** What its commands need in the environment to find Erlang. */
  readonly env: NodeJS.ProcessEnv;
}

export interface RabbitmqScripts {
  readonly serverPath: string;
  readonly controlPath: string;
  readonly version: string;
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
    const scripts = readInstallation(candidate);
    if (scripts === undefined) continue;
    const env = { PATH: process.env.PATH };
    return { ...scripts, origin: 'of this machine', epmdPath: await findEpmdOfMachine(), env };
  }
  return undefined;
}

/** The scripts to which this path of a `rabbitmq-server` leads; undefined when it is of no use to us. */
export function readInstallation(path: string): RabbitmqScripts | undefined {
  if (!existsSync(path)) return undefined;
  const serverPath = realpathSync(path);
  const controlPath = join(dirname(serverPath), 'rabbitmqctl');
  // Debian's wrapper in /usr/sbin changes the user and writes to /var: of no use here.
  if (!existsSync(controlPath) || readFileSync(serverPath, 'utf8').includes('su rabbitmq')) return undefined;
  const version = /rabbitmq[_-]server-([0-9][^/]*)/.exec(serverPath)?.[1] ?? 'of unknown version';
  return { serverPath, controlPath, version };
}

/** Looks in folders of programs, then in those of Erlang. */
export async function findEpmd(
  erlangRoots: readonly string[],
  programFolders: readonly string[] = [],
): Promise<string | undefined> {
  const folders = [...programFolders];
  for (const root of erlangRoots) {
    for (const entry of await readdir(root).catch(() => [])) {
      if (entry.startsWith('erts-')) folders.push(join(root, entry, 'bin'));
    }
  }
  return folders.map((folder) => join(folder, 'epmd')).find((path) => existsSync(path));
}

function findEpmdOfMachine(): Promise<string | undefined> {
  const erl = searchPath()
    .map((folder) => join(folder, 'erl'))
    .find((path) => existsSync(path));
  const besideErl = erl === undefined ? [] : [join(dirname(realpathSync(erl)), '..')];
  return findEpmd([...besideErl, '/usr/lib/erlang', '/usr/local/lib/erlang'], searchPath());
}

function searchPath(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
}
