import { join, relative } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { repoRoot, type ServiceProcess, spawnService } from '../src/index.ts';

async function spawnFixture(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const fixture = join(import.meta.dirname, 'fixture-service.ts');
  const entry = relative(join(repoRoot, 'apps/relay'), fixture);
  const service = await spawnService({ app: 'relay', entry, env });
  onTestFinished(async () => {
    await service.kill();
  });
  return service;
}

test('a service becomes ready, logs, and ends on SIGTERM', async () => {
  const service = await spawnFixture();
  await service.waitUntilReady();
  expect(service.running).toBe(true);
  const exit = await service.stop();
  expect(exit).toMatchObject({ exitCode: 0, signal: null });
  expect(service.logs().map((line) => line.msg)).toEqual(['starting', 'stopped']);
  expect(service.running).toBe(false);
});

test('a service sees nothing of our environment', async () => {
  process.env.SECRET_OF_THE_PARENT = 'hush';
  onTestFinished(() => {
    delete process.env.SECRET_OF_THE_PARENT;
  });
  const service = await spawnFixture();
  expect(await service.waitForLog((line) => line.msg === 'starting')).toMatchObject({ inherited: null });
});

test('a service that ends before it is ready says why', async () => {
  const service = await spawnFixture({ MODE: 'crash' });
  await expect(service.waitUntilReady()).rejects.toMatchObject({
    code: 'BOOT_FAILED',
    message: expect.stringMatching(/exit code 78[\s\S]*the configuration is wrong/),
  });
});

test('kill is SIGKILL', async () => {
  const service = await spawnFixture();
  await service.waitUntilReady();
  expect(await service.kill()).toEqual({ exitCode: null, signal: 'SIGKILL' });
});
