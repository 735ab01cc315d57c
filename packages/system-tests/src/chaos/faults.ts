import { setTimeout as delay } from 'node:timers/promises';
import type { Fault } from '@wbor/groupme-simulator';
import type { FaultRecord } from './facts.ts';
import { describeTrouble, resourceOf, type ScheduledFault, type Trouble } from './schedule.ts';
import type { SdkProducers } from './sdk/sdk-producers.ts';
import type { ChaosSystem } from './system.ts';

/** On a machine that does much else. */
const WHOLE_TIMEOUT_MS = 180_000;
/** How long a node may take to come back by itself. */
const REJOIN_TIMEOUT_MS = 60_000;

export interface FaultRunner {
  readonly records: readonly FaultRecord[];
  /** Carries out the schedule; resolves when the last fault is undone, or soon after `signal` is aborted. */
  run(schedule: readonly ScheduledFault[], signal: AbortSignal): Promise<void>;
}

export function createFaultRunner(
  system: ChaosSystem & { readonly sdk: Pick<SdkProducers, 'kill' | 'start'> },
  onFault: (fault: ScheduledFault, record: FaultRecord) => void,
): FaultRunner {
  const records: FaultRecord[] = [];
  const busy = new Map<string, Promise<void>>();

  async function carryOut(fault: ScheduledFault, signal: AbortSignal): Promise<void> {
    const { number, trouble, durationMs } = fault;
    const record: FaultRecord = {
      number,
      what: describeTrouble(trouble),
      kind: trouble.kind === 'node' ? 'broker' : trouble.kind,
      target: targetOf(trouble),
      startMs: Date.now(),
      endMs: Number.MAX_SAFE_INTEGER,
    };
    records.push(record);
    onFault(fault, record);
    const undo = await inflict(system, trouble);
    try {
      await delay(durationMs, undefined, { signal }).catch(() => undefined);
    } finally {
      await undo();
      record.endMs = Date.now();
    }
  }

  return {
    records,
    async run(schedule, signal) {
      const startedAt = performance.now();
      // What cannot be mended makes the rest of the run worthless.
      const failed = new AbortController();
      const ended = AbortSignal.any([signal, failed.signal]);
      const running: Promise<void>[] = [];
      for (const fault of schedule) {
        const waitMs = startedAt + fault.atMs - performance.now();
        if (waitMs > 0) await delay(waitMs, undefined, { signal: ended }).catch(() => undefined);
        if (ended.aborted) break;
        // A broker that took long to come up must be up before it is stopped again.
        const resource = resourceOf(fault.trouble);
        const before = busy.get(resource) ?? Promise.resolve();
        const work = before.then(() => carryOut(fault, ended));
        busy.set(resource, work);
        running.push(work);
        work.catch((error: unknown) => failed.abort(error));
      }
      await Promise.allSettled(running);
      if (failed.signal.aborted) throw failed.signal.reason;
    },
  };
}

function targetOf(trouble: Trouble): string {
  switch (trouble.kind) {
    case 'kill':
    case 'freeze':
      return trouble.process;
    case 'producer':
      return trouble.producer;
    case 'network':
      return trouble.to;
    case 'groupme':
      return trouble.fault.route;
    case 'node':
      return `node ${trouble.node}`;
    default:
      return trouble.kind;
  }
}

/** Breaks something, and returns what mends it. */
async function inflict(
  system: Parameters<typeof createFaultRunner>[0],
  trouble: Trouble,
): Promise<() => Promise<unknown>> {
  const { broker, fleet, network, postgres, sdk, simulator } = system;
  switch (trouble.kind) {
    case 'kill':
      await fleet.kill(trouble.process);
      return () => fleet.start(trouble.process);
    case 'freeze':
      fleet.freeze(trouble.process);
      return async () => fleet.thaw(trouble.process);
    case 'producer':
      await sdk.kill(trouble.producer, trouble.afterMs);
      return () => sdk.start(trouble.producer);
    case 'broker':
      await (trouble.how === 'kill' ? broker.kill() : broker.stop());
      return () => broker.start();
    case 'node':
      return await inflictOnNode(system, trouble);
    case 'postgres':
      await postgres.stop();
      return () => postgres.start();
    case 'network': {
      const proxy = network[trouble.to];
      if (trouble.how === 'cut') await proxy.cut();
      else proxy.stall();
      return () => proxy.heal();
    }
    case 'groupme':
      simulator.setFault(trouble.fault);
      return async () => removeFault(system, trouble.fault);
  }
}

/** What mends it also waits until the cluster is whole again: the next node must not go before. */
async function inflictOnNode(
  { cluster }: ChaosSystem,
  { how, node: number }: Extract<Trouble, { kind: 'node' }>,
): Promise<() => Promise<void>> {
  const node = cluster?.nodes[number - 1];
  if (cluster === undefined || node === undefined) throw new RangeError(`there is no node ${number}`);
  const undo = { kill: node.start, stop: node.start, freeze: node.thaw, cut: node.join, stall: node.join }[
    how
  ];
  if (how === 'kill') await node.kill();
  else if (how === 'stop') await node.stop();
  else if (how === 'freeze') node.freeze();
  else node.part(how);
  return async () => {
    await undo();
    const isBack = await cluster.untilWhole(REJOIN_TIMEOUT_MS).then(
      () => true,
      () => false,
    );
    if (isBack) return;
    // A node that paused may wait for its tables for minutes: docs/scaling.md tells whoever is on call to restart it.
    await node.stop();
    await node.start();
    await cluster.untilWhole(WHOLE_TIMEOUT_MS);
  };
}

/** The simulator clears all or nothing; what is still to strike on other routes is set again. */
function removeFault({ simulator }: ChaosSystem, removed: Fault): void {
  const others = simulator.faults().filter(({ fault }) => fault.route !== removed.route);
  simulator.clearFaults();
  simulator.setFault(
    ...others.map(({ fault, remaining }) => (remaining === null ? fault : { ...fault, times: remaining })),
  );
}
