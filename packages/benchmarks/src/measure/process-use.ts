import { readFileSync, writeFileSync } from 'node:fs';

/** What a process used while something was measured. */
export interface ProcessUse {
  /** Of the process and its children, ended ones included. */
  readonly cpuMs: number;
  /** The most memory that the process itself had. */
  readonly peakMiB: number;
}

/** The kernel counts in these, whatever its own clock does. */
const MS_PER_TICK = 10;

/**
 * Begins to watch processes, by name. The function that it gives ends that, and tells of those that ran all the time and
 * whose system has a `/proc`; of others nothing is known.
 */
export function watchProcesses(
  pids: Readonly<Record<string, number | undefined>>,
): () => Readonly<Record<string, ProcessUse>> {
  const begun = Object.entries(pids).flatMap(([name, pid]) => {
    if (pid === undefined) return [];
    forgetPeak(pid);
    const cpuMs = readCpuMs(pid);
    return cpuMs === undefined ? [] : [{ name, pid, cpuMs }];
  });
  return () => {
    const uses: Record<string, ProcessUse> = {};
    for (const { name, pid, cpuMs } of begun) {
      const nowMs = readCpuMs(pid);
      const peakMiB = readMemoryMiB(pid, 'VmHWM');
      if (nowMs !== undefined && peakMiB !== undefined) uses[name] = { cpuMs: nowMs - cpuMs, peakMiB };
    }
    return uses;
  };
}

/** Memory of a process in MiB: `VmRSS` now, `VmHWM` at most. Undefined when the system does not tell. */
export function readMemoryMiB(pid: number, what: 'VmRSS' | 'VmHWM'): number | undefined {
  return parseMemoryMiB(readText(`/proc/${pid}/status`), what);
}

export function parseMemoryMiB(status: string, what: 'VmRSS' | 'VmHWM'): number | undefined {
  const [, kibibytes] = new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(status) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1_024;
}

/** CPU time in ms of the line in `/proc/PID/stat`: the process's own, and that of children that have ended. */
export function parseCpuMs(stat: string): number | undefined {
  // The name of the program may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 15).map(Number);
  if (ticks.length < 4 || ticks.some(Number.isNaN)) return undefined;
  return ticks.reduce((sum, each) => sum + each, 0) * MS_PER_TICK;
}

function readCpuMs(pid: number): number | undefined {
  const own = parseCpuMs(readText(`/proc/${pid}/stat`));
  if (own === undefined) return undefined;
  const children = readText(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.reduce((sum, child) => sum + (readCpuMs(child) ?? 0), own);
}

/** Without the right to do so the peak is that of the process's whole life, which is no less. */
function forgetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
  } catch {
    // It has ended, or this is no Linux.
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
