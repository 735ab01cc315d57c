import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '@wbor/testkit';
import { bringUp, type Container, type Deployment, SERVERS, SERVICES } from './deployment.ts';
import { docker } from './engine.ts';
import { findFaults } from './judge.ts';
import type { Profile } from './options.ts';
import { prepareSettings, type Settings } from './settings.ts';
import { startTraffic } from './traffic.ts';

export interface ProfileOptions {
  /** For the file of settings. */
  readonly folder: string;
  readonly keep: boolean;
  readonly build: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (line: string) => void;
}

const DOWN_MS = 2_000;
/** Traffic between one fault and the next. */
const BETWEEN_MS = 2_000;
/** A post without an answer is looked for in the group for a minute before it is made again. */
const SETTLE_TIMEOUT_MS = 120_000;
/** A message that was posted twice shows by then. */
const QUIET_MS = 5_000;

/** Brings the profile up, lets messages through while its containers die, and says what is wrong. */
export async function runProfile(profile: Profile, options: ProfileOptions): Promise<string[]> {
  const settings = await prepareSettings(profile, options.folder);
  const begun = performance.now();
  const deployment = await bringUp(profile, settings, options.build);
  options.onProgress(`${profile}: up and ready after ${seconds(begun)}`);
  const checked = check(profile, deployment, settings, options);
  try {
    return await Promise.race([checked, interruption(options.signal)]);
  } finally {
    checked.catch(() => undefined);
    if (!options.keep) await deployment.remove();
  }
}

/** Rejects when the run is interrupted. */
async function interruption(signal: AbortSignal): Promise<never> {
  signal.throwIfAborted();
  await once(signal, 'abort');
  throw signal.reason;
}

async function check(
  profile: Profile,
  deployment: Deployment,
  settings: Settings,
  options: ProfileOptions,
): Promise<string[]> {
  const { onProgress, signal } = options;
  const weaknesses = await deployment.findWeaknesses();
  const traffic = startTraffic({
    gatewayUrl: `http://127.0.0.1:${settings.ports.gateway}`,
    password: settings.values.APP_PASSWORD ?? '',
    brokerUrl: `amqp://sms-service:${settings.values.RABBITMQ_PASS_SMS_SERVICE}@127.0.0.1:${settings.ports.broker}`,
  });
  try {
    await delay(BETWEEN_MS, undefined, { signal });
    for (const name of SERVERS) await strike('restart', name, deployment, options);
    for (const name of [...SERVICES, ...SERVERS]) await strike('kill', name, deployment, options);
  } finally {
    await traffic.stop();
  }
  const failures = await settle(deployment, traffic.accepted);
  onProgress(
    `${profile}: ${traffic.accepted.length} messages accepted, after ${traffic.retries} tries that were not`,
  );
  return [...weaknesses, ...failures].map((failure) => `${profile}: ${failure}`);
}

async function strike(
  how: 'kill' | 'restart',
  name: Container,
  deployment: Deployment,
  { onProgress, signal }: ProfileOptions,
): Promise<void> {
  const begun = performance.now();
  const id = await deployment.idOf(name);
  await docker(how, id);
  if (how === 'kill') {
    await delay(DOWN_MS, undefined, { signal });
    // Docker starts what has died by itself again, but not what it was told to kill.
    await docker('start', id);
  }
  await deployment.waitUntilReady(name);
  for (const service of SERVICES) await deployment.waitUntilReady(service);
  onProgress(`  docker ${how} ${name}: all ready again after ${seconds(begun)}`);
  await delay(BETWEEN_MS, undefined, { signal });
}

/** @returns what is still missing when time is up, and what is there twice. */
async function settle(deployment: Deployment, accepted: readonly number[]): Promise<string[]> {
  const faultsOf = async (): Promise<string[]> => [
    ...findFaults('the chat', accepted, await deployment.readChat()),
    ...findFaults('the audit', accepted, await deployment.readAudit()),
  ];
  await waitFor(async () => (await faultsOf()).length === 0, {
    what: 'all messages are in chat and audit',
    timeoutMs: SETTLE_TIMEOUT_MS,
    intervalMs: 1_000,
  }).catch(() => undefined);
  await delay(QUIET_MS);
  return await faultsOf();
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`;
}
