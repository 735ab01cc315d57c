import type { System } from '@wbor/start-system';
import { messageOf, type ServiceProcess } from '@wbor/testkit';
import type { ProcessMemory, UnexpectedExit } from './facts.ts';
import { PROCESS_NAMES, type ProcessName } from './schedule.ts';

/** The services under test, each replaced by a new process when it ends. */
export interface Fleet {
  /** SIGKILL; it stays away until `start`. */
  kill(name: ProcessName): Promise<void>;
  start(name: ProcessName): Promise<void>;
  freeze(name: ProcessName): void;
  thaw(name: ProcessName): void;
  /** Those that say that they are not, and why. */
  notReady(): Promise<string[]>;
  /** Those that nobody had killed. */
  readonly exits: readonly UnexpectedExit[];
  memory(): Promise<ProcessMemory[]>;
  /** All that each process wrote, by file name. */
  logs(): ReadonlyMap<string, string>;
  stopAll(): Promise<void>;
}

interface Member {
  readonly service: ServiceProcess;
  readonly startedAtMs: number;
  startMiB: number | null;
  endIsExpected: boolean;
}

/** As an orchestrator would, after a process that ended by itself. */
const RESTART_PAUSE_MS = 1_000;
const SHOWN_LINES = 5;

/** Takes charge of the processes of a system that has just been started. */
export function createFleet(system: Pick<System, 'service' | 'spawn'>): Fleet {
  const current = new Map<ProcessName, Member>();
  const everyone: { name: string; service: ServiceProcess }[] = [];
  const exits: UnexpectedExit[] = [];
  let stopping = false;

  async function start(name: ProcessName): Promise<void> {
    if (stopping || current.get(name)?.service.running) return;
    watch(name, await system.spawn(name));
  }

  function watch(name: ProcessName, service: ServiceProcess): void {
    const member: Member = { service, startedAtMs: Date.now(), startMiB: null, endIsExpected: false };
    current.set(name, member);
    const ordinal = everyone.filter((other) => other.name.startsWith(name)).length + 1;
    everyone.push({ name: `${name}-${ordinal}`, service });
    void service.exited.then(async ({ exitCode, signal }) => {
      if (member.endIsExpected || stopping) return;
      const lastLines = service.output().split('\n').slice(-SHOWN_LINES);
      exits.push({ process: `${name}-${ordinal}`, exitCode, signal, atMs: Date.now(), lastLines });
      await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
      await start(name);
    });
    void service
      .waitUntilReady()
      .then(async () => {
        member.startMiB = await readMemory(service);
      })
      // Killed before it was ready, or the broker is away: nothing to note.
      .catch(() => undefined);
  }

  async function kill(name: ProcessName): Promise<void> {
    const member = current.get(name);
    if (member === undefined) return;
    member.endIsExpected = true;
    await member.service.kill();
  }

  for (const name of PROCESS_NAMES) watch(name, system.service(name));
  return {
    exits,
    start,
    kill,
    freeze: (name) => current.get(name)?.service.signal('SIGSTOP'),
    thaw: (name) => current.get(name)?.service.signal('SIGCONT'),
    async notReady() {
      const answers = await Promise.all(
        [...current].map(async ([name, { service }]) => {
          const answer = await askReady(service);
          return answer === undefined ? [] : [`${name}: ${answer}`];
        }),
      );
      return answers.flat();
    },
    memory: () =>
      Promise.all(
        [...current].map(async ([name, { service, startMiB, startedAtMs }]) => ({
          process: name,
          startMiB,
          endMiB: await readMemory(service),
          uptimeSeconds: Math.round((Date.now() - startedAtMs) / 1000),
        })),
      ),
    logs: () => new Map(everyone.map(({ name, service }) => [`${name}.log`, service.output()])),
    async stopAll() {
      stopping = true;
      await Promise.all([...current.values()].map(({ service }) => service.kill()));
    },
  };
}

async function readMemory(service: ServiceProcess): Promise<number | null> {
  try {
    const answer = await fetch(`${service.healthUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
    const [, bytes] = /^process_resident_memory_bytes (\S+)/m.exec(await answer.text()) ?? [];
    return bytes === undefined ? null : Math.round(Number(bytes) / 2 ** 20);
  } catch {
    return null;
  }
}

/** Undefined when it is ready. */
async function askReady(service: ServiceProcess): Promise<string | undefined> {
  try {
    const answer = await fetch(`${service.healthUrl}/readyz`, { signal: AbortSignal.timeout(5_000) });
    const text = await answer.text();
    return answer.ok ? undefined : text;
  } catch (error) {
    return messageOf(error);
  }
}
