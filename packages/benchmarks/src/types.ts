import type { ProcessUse } from './measure/process-use.ts';
import type { World } from './world.ts';

/** One figure of a scenario. */
interface Metric {
  readonly name: string;
  readonly unit: string;
}

/** What one run of a variant gave. */
export interface Measured {
  /** By the metric's name. A floor may leave out what it has no counterpart of. */
  readonly values: Readonly<Record<string, number>>;
  /** How much work that was: for CPU time a message. Default: not told. */
  readonly messages?: number;
  /** By the process's name. */
  readonly processes: Readonly<Record<string, ProcessUse>>;
}

/** Something that is measured: the services, or a floor beside them. */
export interface Variant {
  readonly name: string;
  /** Starts what is to be measured, which `world` ends, and returns what measures it once: a round. */
  open(world: World): Promise<() => Promise<Measured>>;
}

export interface Scenario {
  readonly name: string;
  /** What is done, in one line. */
  readonly summary: string;
  readonly metrics: readonly Metric[];
  readonly ours: Variant;
  /** What the same work costs at least. The first one is bare. */
  readonly floors: readonly Variant[];
  /** Where one round takes minutes. Default: as many as all. */
  readonly maxRounds?: number;
  /** Takes so long that it runs only when it is named. */
  readonly onlyByName?: boolean;
}
