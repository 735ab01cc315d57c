import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReleases, type Releases } from '@wbor/start-system';
import { removeFolderAtEnd } from '@wbor/testkit';
import { waitUntilSettled } from '../settle.ts';
import { checkFacts } from './check.ts';
import { collectFacts } from './collect.ts';
import type { ChaosFacts } from './facts.ts';
import { createFaultRunner } from './faults.ts';
import { startHostileSenders } from './hostile-senders.ts';
import { createNumbering, type Numbering } from './messages.ts';
import { startProducers } from './producers.ts';
import { describeFault } from './report.ts';
import { buildSchedule } from './schedule.ts';
import { type SdkProducers, startSdkProducers } from './sdk/sdk-producers.ts';
import { type ChaosSystem, startChaosSystem } from './system.ts';
import type { ChaosResult, RunChaosOptions } from './types.ts';

const ACCEPT_TIMEOUT_MS = 60_000;
const SETTLE_SECONDS = 180;
const DRAIN_TIMEOUT_MS = 120_000;

/** Starts everything, breaks it, mends it, judges. Undefined when it was interrupted. */
export async function runChaos(options: RunChaosOptions): Promise<ChaosResult | undefined> {
  const { onProgress, seed, minutes } = options;
  const signal = options.signal ?? new AbortController().signal;
  const releases = createReleases();
  let system: ChaosSystem | undefined;
  try {
    onProgress(
      `starting ${options.cluster ? 'three nodes of a broker' : 'a broker'}, a Postgres, GroupMe, two relays, a gateway and an audit-logger`,
    );
    system = await startChaosSystem({
      echo: options.echo ?? true,
      readBack: options.readBack ?? true,
      fuzz: options.fuzz ?? false,
      cluster: options.cluster ?? false,
      relayEnv: options.relayEnv,
      releases,
    });
    const nextNumber = createNumbering();
    const sdk = await startSdk(system, { nextNumber, releases, seed });
    const facts = await breakAndMend(system, sdk, nextNumber, { ...options, signal });
    if (facts === undefined) return undefined;
    const verdict = checkFacts(facts, { evidence: system.evidence, allowRepeats: options.allowRepeats });
    const keep = options.logsFolder !== undefined || verdict.failures.length > 0;
    const logsFolder = keep
      ? await keepLogs(system, options.logsFolder, { seed, minutes, verdict, facts })
      : undefined;
    return { verdict, facts, logsFolder };
  } catch (error) {
    if (signal.aborted) return undefined;
    if (system !== undefined)
      onProgress(`logs: ${await keepLogs(system, options.logsFolder, { seed, minutes })}`);
    throw error;
  } finally {
    await releases.releaseAll().catch((error: AggregateError) => {
      for (const failure of error.errors) onProgress(`could not stop a part: ${String(failure)}`);
    });
  }
}

async function startSdk(
  system: ChaosSystem,
  { releases, ...options }: { nextNumber: Numbering; releases: Releases; seed: number },
): Promise<SdkProducers> {
  const folder = await mkdtemp(join(tmpdir(), 'wbor-chaos-sdk-'));
  removeFolderAtEnd(folder);
  const sdk = await startSdkProducers(system, { ...options, folder });
  releases.add(() => sdk.killAll());
  return sdk;
}

async function breakAndMend(
  system: ChaosSystem,
  sdk: SdkProducers,
  nextNumber: Numbering,
  options: RunChaosOptions & { signal: AbortSignal },
): Promise<ChaosFacts | undefined> {
  const { onProgress, signal } = options;
  const startedAt = performance.now();
  const progress = (line: string) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    onProgress(`${seconds.padStart(7)} s  ${line}`);
  };
  const posts = () => system.simulator.messages().filter(({ sender_type }) => sender_type === 'bot').length;
  const producers = startProducers(system, options.seed, nextNumber);
  const hostile = options.fuzz ? startHostileSenders(system, options.seed) : undefined;
  const sent = () => [...producers.messages, ...sdk.messages];
  const accepted = () => sent().filter(({ acceptedAtMs }) => acceptedAtMs !== null).length;
  const faults = createFaultRunner({ ...system, sdk }, (fault) => {
    progress(`${describeFault(fault).padEnd(60)} ${accepted()} accepted, ${posts()} posts`);
  });

  await faults.run(buildSchedule(options), signal).catch(async (error: unknown) => {
    await Promise.all([producers.stop(0), hostile?.stop()]);
    throw error;
  });
  await delayUntil(startedAt + options.minutes * 60_000, signal);
  if (signal.aborted) return undefined;
  progress('no more faults; what was sent must be accepted and arrive');
  await hostile?.stop();
  await producers.stop(ACCEPT_TIMEOUT_MS);
  const spoolsLeft = await sdk.stop(DRAIN_TIMEOUT_MS);
  if (hostile) progress(`${hostile.sent()} hostile inputs were sent`);
  let lastTold = '';
  const queuesLeft = await waitUntilSettled(system, {
    timeoutMs: (options.settleSeconds ?? SETTLE_SECONDS) * 1_000,
    signal,
    onWait(busy) {
      const told = Object.keys(busy).join(', ');
      if (told !== lastTold && told !== '') progress(`waiting for ${told}`);
      lastTold = told;
    },
  });
  if (signal.aborted) return undefined;
  progress(`settled: ${accepted()} accepted, ${posts()} posts`);
  const known = {
    messages: sent(),
    faults: faults.records,
    queuesLeft,
    spoolsLeft,
    exits: [...system.fleet.exits, ...sdk.exits],
  };
  return collectFacts(system, known, hostile?.digests);
}

async function delayUntil(atMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.max(0, atMs - performance.now()));
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

async function keepLogs(system: ChaosSystem, folder: string | undefined, facts: object): Promise<string> {
  const into = folder ?? (await mkdtemp(join(tmpdir(), 'wbor-chaos-')));
  await mkdir(into, { recursive: true });
  for (const [name, text] of system.fleet.logs()) await writeFile(join(into, name), `${text}\n`);
  await writeFile(join(into, 'facts.json'), `${JSON.stringify(facts, null, 1)}\n`);
  await writeFile(
    join(into, 'groupme-requests.json'),
    `${JSON.stringify(system.simulator.requests(), null, 1)}\n`,
  );
  return into;
}
