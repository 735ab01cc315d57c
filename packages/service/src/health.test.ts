import { Registry } from 'prom-client';
import { afterEach, expect, it } from 'vitest';
import { createHealth, startHealthServer } from './health.ts';
import { explainListenError } from './listen-error.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(port = 0) {
  const health = createHealth();
  const server = await startHealthServer({ host: '127.0.0.1', port, health, registry: new Registry() });
  closers.push(server.close);
  return {
    health,
    port: server.port,
    get: (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`),
  };
}

it('is ready while no check has a reason against it, and says which has', async () => {
  const { get, health } = await start();
  let reason: string | undefined;
  health.addCheck('broker', () => reason);
  expect((await get('/readyz')).status).toBe(200);
  reason = 'not connected';
  const answer = await get('/readyz');
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({
    status: 'not ready',
    faults: [{ name: 'broker', reason: 'not connected' }],
    notices: [],
  });
  expect((await get('/livez')).status).toBe(200);
  expect((await get('/metrics')).status).toBe(200);
});

it('shows notices and stays ready', async () => {
  const { get, health } = await start();
  let notice: string | undefined;
  health.addNotice('bans', () => notice);
  expect(await (await get('/readyz')).json()).toEqual({ status: 'ready', faults: [], notices: [] });
  notice = 'bans are stale';
  const answer = await get('/readyz');
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({
    status: 'ready',
    faults: [],
    notices: [{ name: 'bans', notice: 'bans are stale' }],
  });
});

it('says which setting to change when the port is taken', async () => {
  const { port } = await start();
  const failure = await start(port).catch((error: unknown) => explainListenError(error, port, 'HEALTH_PORT'));
  expect(failure).toMatchObject({
    message: `port ${port} is in use; stop what uses it or set HEALTH_PORT to another port`,
  });
});
