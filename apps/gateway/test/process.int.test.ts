import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import type { Namespace } from '@wbor/contracts';
import {
  createNamespace,
  deleteNamespace,
  lastingPort,
  repoRoot,
  type ServiceProcess,
  spawnService,
  spyOnExchange,
  startTcpProxy,
} from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { CALLBACK_SECRET, PASSWORD } from './gateway-under-test.ts';

const brokerUrl = inject('brokerUrl');
const appFolder = join(repoRoot, 'apps/gateway');

let namespace: Namespace;
let port: number;
const processes: ServiceProcess[] = [];

beforeEach(async () => {
  namespace = createNamespace();
  port = await lastingPort();
});

afterEach(async () => {
  await Promise.all(processes.splice(0).map((service) => service.kill()));
  await deleteNamespace(brokerUrl, namespace);
});

async function startProcess(env: Record<string, string> = {}, entry?: string): Promise<ServiceProcess> {
  const service = await spawnService({
    app: 'gateway',
    env: {
      RABBITMQ_URL: brokerUrl,
      RABBITMQ_EXCHANGE: namespace.exchange,
      QUEUE_PREFIX: namespace.queuePrefix,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(port),
      APP_PASSWORD: PASSWORD,
      GROUPME_CALLBACK_SECRET: CALLBACK_SECRET,
      ...env,
    },
    ...(entry === undefined ? {} : { entry }),
  });
  processes.push(service);
  return service;
}

function send(): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${PASSWORD}` },
    body: JSON.stringify({ source: 'standard', body: 'hello' }),
  });
}

it('on SIGTERM it is not ready, answers what is in flight, and exits 0', async () => {
  const spy = await spyOnExchange(brokerUrl, namespace.exchange);
  const service = await startProcess();
  await service.waitUntilReady();
  const body = JSON.stringify({ source: 'standard', body: 'in flight' });
  const inFlight = request({
    host: '127.0.0.1',
    port,
    path: '/send',
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: `Bearer ${PASSWORD}`,
      expect: '100-continue',
    },
  });
  const response = once(inFlight, 'response');
  inFlight.flushHeaders();
  // The server has the request now, and waits for its body as long as we like.
  await once(inFlight, 'continue');
  const stopped = service.stop();
  await service.waitForLog((line) => line.msg === 'stopping');
  expect((await fetch(`${service.healthUrl}/readyz`)).status).toBe(503);
  await expect(send()).rejects.toThrow();
  inFlight.end(body);
  const [answer] = (await response) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(202);
  expect(await stopped).toMatchObject({ exitCode: 0, signal: null });
  expect(await spy.waitForCount(1)).toHaveLength(1);
  await spy.close();
});

it('ends with one line that says what to do when its port is taken', async () => {
  const other = createServer().listen(port, '127.0.0.1');
  const service = await startProcess();
  const { exitCode } = await service.exited;
  expect(exitCode).toBe(1);
  const fatal = service.logs().filter((line) => line.level === 'fatal');
  expect(fatal).toHaveLength(1);
  expect(fatal[0]?.error).toMatch(new RegExp(`port ${port} is in use.*APP_PORT`));
  other.close();
});

it('answers 503 while the broker has not come up yet, and sends once it has', async () => {
  const proxy = await startTcpProxy({ target: brokerUrl });
  await proxy.cut();
  const spy = await spyOnExchange(brokerUrl, namespace.exchange);
  const service = await startProcess({ RABBITMQ_URL: proxy.url(brokerUrl) });
  await service.waitForLog((line) => line.msg === 'waiting for the broker');
  expect((await send()).status).toBe(503);
  expect((await fetch(`${service.healthUrl}/readyz`)).status).toBe(503);
  await proxy.heal();
  await service.waitUntilReady();
  expect((await send()).status).toBe(202);
  expect(await spy.waitForCount(1)).toHaveLength(1);
  await spy.close();
  await proxy.dispose();
});

it('runs from the bundle alone, reference page included', async () => {
  // Somewhere without any node_modules above it.
  const folder = await mkdtemp(join(tmpdir(), 'wbor-gateway-'));
  await promisify(execFile)('npm', ['run', 'build', '--', '--outdir', folder], { cwd: appFolder });
  const spy = await spyOnExchange(brokerUrl, namespace.exchange);
  const env = {
    SPOOL_FILE: join(folder, 'spool.sqlite'),
    HOOKS_FILE: join(appFolder, 'examples/hooks.json'),
  };
  const service = await startProcess(env, relative(appFolder, join(folder, 'main.js')));
  await service.waitUntilReady();
  expect((await send()).status).toBe(202);
  const page = await fetch(`http://127.0.0.1:${port}/reference`);
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('js/scalar.js')]);
  const script = await fetch(`http://127.0.0.1:${port}/reference/js/scalar.js`);
  expect((await script.text()).length).toBeGreaterThan(1_000_000);
  const token = await promisify(execFile)(process.execPath, [
    join(folder, 'token.js'),
    ...['create', 'ups', '--file', join(folder, 'tokens.json')],
  ]);
  expect(token.stdout).toMatch(/^wbor_/);
  expect((await service.stop()).exitCode).toBe(0);
  await spy.close();
  await rm(folder, { recursive: true });
});
