import { existsSync } from 'node:fs';
import { chown, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TestkitError } from '../errors.ts';

/** How Postgres must be run here. */
export interface RunAs {
  /** Turns a command line into the one to run. */
  wrap(command: string, args: readonly string[]): readonly [string, readonly string[]];
  /** Hands a folder to the user that Postgres runs as. */
  giveFolder(path: string): Promise<void>;
}

// The second bit is for initdb, which looks for its neighbours with access(2): that drops capabilities otherwise.
const KEEP_ACCESS = [
  '--inh-caps=+dac_override',
  '--ambient-caps=+dac_override',
  '--securebits=+no_setuid_fixup',
];

/**
 * Postgres refuses to run as root. Then it runs as `postgres`, or `nobody` where there is no such user. `paths` are
 * those it must reach: under a closed folder like `/root` it keeps the one capability that opens them.
 * @throws TestkitError `NO_POSTGRES`
 */
export async function chooseRunAs(paths: readonly string[]): Promise<RunAs> {
  if (process.getuid?.() !== 0)
    return { wrap: (command, args) => [command, args], giveFolder: async () => undefined };

  const user = await findUser(['postgres', 'nobody']);
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv', '/usr/sbin/setpriv'].find((path) => existsSync(path));
  if (user === undefined || setpriv === undefined) {
    throw new TestkitError(
      'NO_POSTGRES',
      'Postgres cannot run as root, and there is no other user or no setpriv here',
    );
  }
  const reachable = await Promise.all(paths.map(isOpenToAll));
  const capabilities = reachable.every(Boolean) ? [] : KEEP_ACCESS;
  const prefix = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', ...capabilities, '--'];
  return {
    wrap: (command, args) => [setpriv, [...prefix, command, ...args]],
    giveFolder: (path) => chown(path, user.uid, user.gid),
  };
}

async function findUser(names: readonly string[]): Promise<{ uid: number; gid: number } | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of names) {
    const fields = lines.find((candidate) => candidate[0] === name);
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  return undefined;
}

/** Whether everybody may pass through every folder above `path`. */
async function isOpenToAll(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
