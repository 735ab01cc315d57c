// Which process a number names. Plain JavaScript, because the bootstrap and the keeper run under any Node.
import { readFileSync } from 'node:fs';

/** When a process started, in clock ticks since boot; with the pid it names a process for good. '' off Linux. */
export function startTimeOf(pid) {
  return statOf(pid)?.[19] ?? '';
}

/** Whether the process still runs and is the one that started then: numbers are used again. */
export function isRunning(pid, started) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's is there as well.
    if (error.code !== 'EPERM') return false;
  }
  const fields = statOf(pid);
  if (fields === undefined) return process.platform !== 'linux';
  // Where nobody collects the dead (a container without init) they stay as zombies.
  return fields[0] !== 'Z' && (started === '' || fields[19] === started);
}

/** The fields of /proc/<pid>/stat behind the name, which may hold anything. */
function statOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  } catch {
    return undefined;
  }
}
