import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTcpProxy } from '@wbor/testkit';
import { afterAll, beforeAll, expect, inject, it, onTestFinished } from 'vitest';
import { roundTrip } from '../src/checks/round-trip.ts';
import type { Environment } from '../src/environment.ts';
import { type ServiceName, serviceNames } from '../src/services.ts';
import { type DoctorBed, linesOf, runDoctor, startDoctorBed } from './doctor-bed.ts';
import { provokedFaults } from './provoked-faults.ts';

const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
let bed: DoctorBed;

beforeAll(async () => {
  bed = await startDoctorBed(inject('databaseUrl'), folder);
});
afterAll(async () => {
  await bed?.stop();
  rmSync(folder, { recursive: true });
});

function environments(
  patch: Readonly<Record<string, Environment | undefined>> = {},
): Map<ServiceName, Environment> {
  return new Map(
    serviceNames.map((name) => [name, { ...bed.environments[name], ...patch.all, ...patch[name] }] as const),
  );
}

it('finds nothing where nothing is wrong, and its message makes the round trip', async () => {
  const results = await runDoctor(environments(), { also: [roundTrip] });
  expect([
    ...linesOf(results, 'fault'),
    ...linesOf(results, 'warning'),
    ...linesOf(results, 'skipped'),
  ]).toEqual([]);
  expect(results.map(({ check }) => check)).toContain('round trip');
  expect(linesOf(results, 'ok').length).toBeGreaterThan(20);
  expect(bed.system.simulator.messages().map(({ text }) => text)).toEqual([
    expect.stringContaining('The doctor sent this'),
  ]);
});

it.each(provokedFaults)(
  'finds that $title, and names the fix',
  async ({ also = [], clockAheadMs = 0, finds, isWarning, provoke }) => {
    const patch = await provoke(bed, (undo) => onTestFinished(async () => void (await undo())));
    const results = await runDoctor(environments(patch), { also, nowMs: () => Date.now() + clockAheadMs });
    const lines = linesOf(results, isWarning ? 'warning' : 'fault');
    for (const pattern of finds) expect(lines).toContainEqual(expect.stringMatching(pattern));
    // Every other check has come to a result of its own.
    expect(results.flatMap(({ findings }) => findings.map(({ text }) => text)).join('\n')).not.toMatch(
      /this check failed|no result within/,
    );
    // Neither what is right nor what is mistaken is ever said.
    const said = JSON.stringify(results);
    for (const env of environments(patch).values()) {
      for (const name of [
        'GROUPME_BOT_ID',
        'GROUPME_ACCESS_TOKEN',
        'GROUPME_CALLBACK_SECRET',
        'APP_PASSWORD',
      ]) {
        expect(said).not.toContain(env[name] || 'no such word');
      }
    }
    expect(said).not.toMatch(/mistaken-secret|hidden-word/);
  },
);

it('says which checks got no answer, and hides no other result behind them', async () => {
  const proxy = await startTcpProxy({ target: bed.broker.url });
  onTestFinished(() => proxy.dispose());
  proxy.stall();
  const stalled = { all: { RABBITMQ_URL: proxy.url(bed.broker.url) } };
  const results = await runDoctor(environments(stalled), { timeoutMs: 1_500 });
  const faults = linesOf(results, 'fault');
  expect(faults).toContainEqual(
    expect.stringMatching(/^broker \| {2}\| no result within 2 s \| run it again/),
  );
  expect(linesOf(results, 'ok')).toContainEqual(expect.stringMatching(/^migrations \|/));
});
