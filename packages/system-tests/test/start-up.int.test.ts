import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Simulator } from '@wbor/groupme-simulator';
import { createReleases, startSystem } from '@wbor/start-system';
import {
  createDatabase,
  createNamespace,
  deleteNamespace,
  freePort,
  spawnService,
  waitFor,
} from '@wbor/testkit';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';

let namespace: ReturnType<typeof createNamespace>;
let database: Awaited<ReturnType<typeof createDatabase>>;
let enough: Record<string, Record<string, string>>;

beforeAll(async () => {
  database = await createDatabase(inject('databaseUrl'));
  namespace = createNamespace();
  const common = {
    RABBITMQ_URL: inject('brokerUrl'),
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    HEALTH_HOST: '127.0.0.1',
  };
  enough = {
    relay: { ...common, GROUPME_BOT_ID: 'some-bot' },
    gateway: { ...common, APP_HOST: '127.0.0.1', APP_PORT: String(await freePort()) },
    'audit-logger': { ...common, DATABASE_URL: database.url },
    moderator: { ...common, DATABASE_URL: database.url, GROUPME_GROUP_ID: '17' },
  };
});

afterAll(async () => {
  await database.drop();
  await deleteNamespace(inject('brokerUrl'), namespace);
});

/** Starts an app that cannot start, and returns what it said. After ten seconds it is killed: no exit code. */
async function startInVain(app: string, env: Record<string, string>) {
  const service = await spawnService({ app, env: { ...enough[app], ...env } });
  const timeout = setTimeout(() => void service.kill(), 10_000);
  const { exitCode } = await service.exited;
  clearTimeout(timeout);
  // Warnings about settings may come first; the fault itself is one line.
  const faults = service
    .output()
    .split('\n')
    .filter((line) => line !== '' && !line.includes('"level":"warn"') && !line.includes('"level":"info"'));
  return { exitCode, faults };
}

const apps = ['relay', 'gateway', 'audit-logger', 'moderator'];

describe.each(apps)('%s ends within ten seconds with one line that says what to do', (app) => {
  it('on a wrong broker password', async () => {
    const url = new URL(inject('brokerUrl'));
    url.password = 'wrong-pa55word';
    const { exitCode, faults } = await startInVain(app, { RABBITMQ_URL: url.href });
    expect(exitCode).toBe(1);
    expect(faults).toEqual([
      expect.stringContaining('check RABBITMQ_URL, or RABBITMQ_USER and RABBITMQ_PASS'),
    ]);
    expect(faults.join()).not.toContain('wrong-pa55word');
  });

  it('on a virtual host that does not exist', async () => {
    const url = new URL(inject('brokerUrl'));
    url.pathname = '/no-such-host';
    const { exitCode, faults } = await startInVain(app, { RABBITMQ_URL: url.href });
    expect(exitCode).toBe(1);
    expect(faults).toEqual([expect.stringContaining('check RABBITMQ_VHOST')]);
  });

  it('on a health port that is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { exitCode, faults } = await startInVain(app, { HEALTH_PORT: String(port) });
    server.close();
    expect(exitCode).toBe(1);
    expect(faults).toEqual([expect.stringContaining(`port ${port} is in use`)]);
    expect(faults[0]).toContain('HEALTH_PORT');
  });

  it('on a setting that is missing', async () => {
    const { exitCode, faults } = await startInVain(app, { RABBITMQ_URL: '' });
    expect(exitCode).toBe(1);
    expect(faults).toEqual([expect.stringContaining('RABBITMQ_URL is not set')]);
  });
});

it('the relay asks for its bot', async () => {
  const { exitCode, faults } = await startInVain('relay', { GROUPME_BOT_ID: '' });
  expect(exitCode).toBe(1);
  expect(faults).toEqual([expect.stringContaining('GROUPME_BOT_ID is not set')]);
});

it('the gateway names its own port when that is in use', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { exitCode, faults } = await startInVain('gateway', { APP_PORT: String(port) });
  server.close();
  expect(exitCode).toBe(1);
  expect(faults).toEqual([expect.stringContaining('APP_PORT')]);
});

it('a system whose ports were lost uses others, is called back there, and keeps its log in a file', async () => {
  const releases = createReleases();
  const taken = [createServer(), createServer()];
  const logDir = mkdtempSync(join(tmpdir(), 'wbor-logs-'));
  onTestFinished(async () => {
    await releases.releaseAll();
    for (const server of taken) server.close();
    rmSync(logDir, { recursive: true, force: true });
  });
  const ports: number[] = [];
  for (const server of taken) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as AddressInfo).port);
  }
  const [gateway = 0, groupme = 0] = ports;
  const system = await startSystem({
    brokerUrl: inject('brokerUrl'),
    databaseUrl: database.url,
    namespace,
    processes: { gateway: 'gateway' },
    ports: { gateway, groupme },
    logDir,
    releases,
  });
  expect(system.gatewayUrl).not.toContain(`:${gateway}`);
  expect(system.simulator.url).not.toContain(`:${groupme}`);
  await waitFor(() => speaksAndIsHeard(system.simulator), {
    what: 'a callback that is answered',
    intervalMs: 500,
  });
  expect(readFileSync(join(logDir, 'gateway.log'), 'utf8')).toContain('"ready"');
  expect(readFileSync(join(logDir, 'gateway.log.1'), 'utf8')).toContain(`port ${gateway} is in use`);
});

/** GroupMe calls back once; a gateway whose broker is slow just then says 503. */
async function speaksAndIsHeard(simulator: Simulator): Promise<boolean> {
  const { id } = await simulator.postAsMember({ name: 'Somebody', text: 'hello' });
  const callback = await simulator.waitFor(
    ({ callbacks }) => callbacks.find(({ messageId, state }) => messageId === id && state !== 'pending'),
    10_000,
  );
  if (callback.state === 'delivered') return true;
  throw new Error(`the callback ended as ${JSON.stringify(callback)}`);
}
