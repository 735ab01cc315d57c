import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from '@wbor/start-system';
import { type HttpRecorder, startHttpServer, waitFor } from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type ExportedMetric, readExposition } from '../src/metrics/exposition.ts';
import { readMetricsPage } from '../src/metrics/metrics-page.ts';
import { type SystemUnderTest, startSystemUnderTest } from './system-under-test.ts';

const APPS: App[] = ['relay', 'gateway', 'audit-logger', 'moderator'];

let folder: string;
let monitor: HttpRecorder;
let system: SystemUnderTest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wbor-metrics-'));
  monitor = await startHttpServer({ '/beat': (_request, response) => void response.end() });
  system = await startSystemUnderTest({
    brokerUrl: inject('brokerUrl'),
    databaseUrl: inject('databaseUrl'),
    moderator: true,
    relayEnv: { HEARTBEAT_URL: `${monitor.url}/beat` },
    gatewayEnv: { SPOOL_FILE: join(folder, 'spool.sqlite') },
  });
  await system.send('ups', 'Power is out', '0a1b2c3d-1111-4222-8333-444455556666');
});

afterAll(async () => {
  await system?.stop();
  await monitor?.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function scrape(app: App): Promise<ExportedMetric[]> {
  return readExposition(await (await fetch(`${system.service(app).healthUrl}/metrics`)).text());
}

/** The sum of a sample over its labels; undefined while there is none. */
async function total(app: App, sample: string, label = ''): Promise<number | undefined> {
  const samples = (await scrape(app))
    .flatMap((metric) => metric.samples)
    .filter(({ labels, name }) => name === sample && labels.includes(label));
  return samples.length === 0 ? undefined : samples.reduce((sum, { value }) => sum + value, 0);
}

describe('docs/metrics.md', () => {
  it.each(APPS)('names each metric of the %s, and no other', async (app) => {
    // Those with labels have samples once something has happened.
    await waitFor(async () => (await total('relay', 'relay_displayed_seconds_count')) === 1, {
      what: 'the echo',
    });
    const documented = (await readMetricsPage()).filter(({ services }) => services.includes(app));
    const exported = await scrape(app);
    expect(documented.map(({ help, name, type }) => ({ name, type, help })).sort(byName)).toEqual(
      exported.map(({ help, name, type }) => ({ name, type, help })).sort(byName),
    );
    const labelsOf = new Map(documented.map(({ labels, name }) => [name, labels]));
    const unknown = exported.flatMap(({ labels, name }) =>
      labels.filter((label) => !labelsOf.get(name)?.includes(label)).map((label) => `${name}{${label}}`),
    );
    expect(unknown).toEqual([]);
  });
});

it('a message is counted on its way, and how long it took', async () => {
  await waitFor(async () => (await total('relay', 'relay_displayed_seconds_count')) === 1, {
    what: 'the echo',
  });
  expect(await total('relay', 'relay_accepted_seconds_count')).toBe(1);
  expect(await total('relay', 'relay_accepted_seconds_sum')).toBeLessThan(60);
  expect(await total('relay', 'relay_posts_total', 'outcome="delivered"')).toBe(1);
  expect(await total('relay', 'relay_outbox_oldest_age_seconds')).toBe(0);
  for (const app of APPS) {
    expect(await total(app, 'wbor_ready')).toBe(1);
    expect(await total(app, 'wbor_fault')).toBeUndefined();
  }
  for (const app of ['relay', 'gateway', 'moderator'] as const) {
    await waitFor(async () => ((await total(app, 'wbor_queue_consumers', 'audit-logger.events')) ?? 0) > 0, {
      what: `the ${app} seeing that the audit is consumed`,
    });
  }
});

it('a service that is ready calls its HEARTBEAT_URL', async () => {
  const [call] = await monitor.waitForCount(1);
  expect(call).toMatchObject({ method: 'GET', path: '/beat' });
  expect(system.service('relay').output()).not.toContain('/beat');
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
