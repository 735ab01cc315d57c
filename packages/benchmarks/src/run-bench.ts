import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReleases, type Releases, startServers } from '@wbor/start-system';
import { messageOf, removeFolderAtEnd } from '@wbor/testkit';
import { buildBundles } from './bundles.ts';
import { type Machine, readMachine } from './machine.ts';
import type { Measured, Scenario, Variant } from './types.ts';
import { createWorld, type Servers } from './world.ts';

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly quick: boolean;
  /** Where the services leave CPU profiles. Default: nowhere. */
  readonly profileFolder?: string | undefined;
  /** Default: some of its own, which end with it. */
  readonly servers?: Servers;
  /** Ends the run after the measurement under way. */
  readonly signal?: AbortSignal;
  /** Told of each step. */
  readonly onProgress: (step: string) => void;
  /** Told of each scenario that has ended. */
  readonly onResult?: (result: ScenarioResult) => void;
}

/** All rounds of a variant, in their order. */
export interface VariantResult {
  readonly name: string;
  readonly rounds: readonly Measured[];
}

export interface ScenarioResult extends Pick<Scenario, 'name' | 'summary' | 'metrics'> {
  readonly ours: VariantResult;
  readonly floors: readonly VariantResult[];
  /** Why it has no figures, or not all. */
  readonly error?: string;
}

export interface BenchResult {
  readonly machine: Machine;
  readonly quick: boolean;
  readonly scenarios: readonly ScenarioResult[];
}

/** Measures scenario after scenario. One that fails does not keep the others from being measured. */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const { onProgress, quick, signal } = options;
  const releases = createReleases();
  try {
    onProgress('bundling services and floors');
    await buildBundles();
    const servers = options.servers ?? (await startOwnServers(releases, onProgress));
    const machine = await readMachine(servers);
    const results: ScenarioResult[] = [];
    for (const scenario of options.scenarios) {
      if (signal?.aborted) break;
      const result = await measureScenario(scenario, servers, options);
      options.onResult?.(result);
      results.push(result);
    }
    return { machine, quick, scenarios: results };
  } finally {
    await releases.releaseAll();
  }
}

/** Postgres in a folder of ours, since a temporary one would not wait for the disk, as a deployed one does. */
async function startOwnServers(releases: Releases, onProgress: BenchOptions['onProgress']): Promise<Servers> {
  onProgress('starting a broker and a Postgres');
  const dataDir = await mkdtemp(join(tmpdir(), 'wbor-bench-postgres-'));
  const keepFolder = removeFolderAtEnd(dataDir);
  releases.add(async () => {
    await rm(dataDir, { recursive: true, force: true });
    keepFolder();
  });
  const { broker, postgres } = await startServers({ broker: {}, postgres: { dataDir }, releases });
  return {
    brokerUrl: broker.url,
    brokerPid: broker.pid,
    postgresUrl: postgres.url,
    postgresPid: postgres.pid,
  };
}

async function measureScenario(
  scenario: Scenario,
  servers: Servers,
  options: BenchOptions,
): Promise<ScenarioResult> {
  const { onProgress, quick, signal } = options;
  const { floors, metrics, name, ours, summary } = scenario;
  const variants: readonly Variant[] = [ours, ...floors];
  const measured = variants.map((): Measured[] => []);
  const rounds = Math.min(options.rounds, scenario.maxRounds ?? options.rounds);
  const { profileFolder } = options;
  const profile = profileFolder === undefined ? undefined : join(profileFolder, name);
  const world = await createWorld(servers, { quick, profile });
  let error: string | undefined;
  try {
    const opened: { variant: Variant; into: Measured[] | undefined; measure: () => Promise<Measured> }[] = [];
    for (const [index, variant] of variants.entries()) {
      onProgress(`${name}: starting ${variant.name}`);
      opened.push({ variant, into: measured[index], measure: await variant.open(world) });
    }
    for (let round = 1; round <= rounds && !signal?.aborted; round += 1) {
      // Forth and back: what warms or wears out with time is not always in favour of the same one.
      for (const { variant, into, measure } of round % 2 === 1 ? opened : opened.toReversed()) {
        onProgress(`${name}: round ${round} of ${rounds}, ${variant.name}`);
        into?.push(await measure());
      }
    }
  } catch (failure) {
    error = messageOf(failure);
  }
  await world.releases.releaseAll().catch((failure: unknown) => {
    error ??= `could not end what it had started: ${messageOf(failure)}`;
  });
  const resultOf = (index: number): VariantResult => ({
    name: variants[index]?.name ?? '',
    rounds: measured[index] ?? [],
  });
  return {
    name,
    summary,
    metrics,
    ours: resultOf(0),
    floors: floors.map((_floor, index) => resultOf(index + 1)),
    ...(error === undefined ? {} : { error }),
  };
}
