import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestkitError } from '../errors.ts';
import { waitFor } from '../wait.ts';
import { startTimeOf } from './keep.ts';

export interface FolderClaim {
  /** Names the server that now works on the folder. */
  record(pid: number): Promise<void>;
  release(): Promise<void>;
}

/**
 * Makes sure that no server of an earlier run still works on a data folder. One whose owner has just been killed
 * is given time to end.
 * @throws TestkitError `DATA_IN_USE`
 */
export async function claimFolder(folder: string): Promise<FolderClaim> {
  const path = join(folder, 'server.pid');
  const [pidText = '', started = ''] = (await readFile(path, 'utf8').catch(() => '')).trim().split(' ');
  const pid = Number(pidText);
  if (pid > 0) {
    await waitFor(() => !isAlive(pid, started), {
      timeoutMs: 25_000,
      what: `process ${pid} gives up ${folder}`,
    }).catch((error: unknown) => {
      throw new TestkitError(
        'DATA_IN_USE',
        `${folder} is in use by process ${pid}: is this already running in another terminal?`,
        { cause: error },
      );
    });
  }
  return {
    record: (serverPid) => writeFile(path, `${serverPid} ${startTimeOf(serverPid)}\n`),
    release: () => rm(path, { force: true }),
  };
}

function isAlive(pid: number, started: string): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return started === '' || startTimeOf(pid) === started;
}
