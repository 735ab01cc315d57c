import { appendFile, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestkitError } from '../errors.ts';
import { waitFor } from '../wait.ts';
import { isRunning, startTimeOf } from './is-running.mjs';

export interface FolderClaim {
  /** Names the server that now works on the folder, too: it may outlive us for a moment. */
  record(pid: number): Promise<void>;
  release(): Promise<void>;
}

/** The look and the claim take milliseconds: a lock as old as this is of somebody killed in between. */
const LOCK_LIFETIME_MS = 5_000;

/**
 * Makes a data folder ours until the release, before anything in it is touched. One whose owner has just been
 * killed is given time to end. `server.pid` says who works on it: pid and start time, one process a line.
 * @throws TestkitError `DATA_IN_USE`
 */
export async function claimFolder(folder: string, timeoutMs = 25_000): Promise<FolderClaim> {
  const path = join(folder, 'server.pid');
  let holder: number | undefined;
  let givenUp = false;
  async function claimIfFree(): Promise<boolean> {
    holder = workingOf(await readFile(path, 'utf8').catch(() => ''));
    if (holder !== undefined || givenUp) return false;
    await writeFile(path, lineFor(process.pid));
    // A look may outlast the wait: nobody would release what it claims then.
    if (givenUp) await rm(path, { force: true });
    return true;
  }
  await waitFor(() => whileLocked(`${path}.lock`, claimIfFree), {
    timeoutMs,
    what: `whoever works on ${folder} gives it up`,
  }).catch((error: unknown) => {
    givenUp = true;
    if (holder === undefined) throw error;
    throw new TestkitError(
      'DATA_IN_USE',
      `${folder} is in use by process ${holder}: is this already running in another terminal?`,
      { cause: error },
    );
  });
  return {
    record: (serverPid) => appendFile(path, lineFor(serverPid)),
    release: () => rm(path, { force: true }),
  };
}

function lineFor(pid: number): string {
  return `${pid} ${startTimeOf(pid)}\n`;
}

/** The first process named that still runs. */
function workingOf(claim: string): number | undefined {
  for (const line of claim.split('\n')) {
    const [pid = '', started = ''] = line.split(' ');
    if (Number(pid) > 0 && isRunning(Number(pid), started)) return Number(pid);
  }
  return undefined;
}

/** Does the work while nobody else does theirs; false when somebody does. */
async function whileLocked(path: string, work: () => Promise<boolean>): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    if (Date.now() - (await stat(path)).mtimeMs > LOCK_LIFETIME_MS) await rm(path, { force: true });
    return false;
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}
