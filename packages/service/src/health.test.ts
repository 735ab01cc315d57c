import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Registry } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { createHealth, observeHealth, startHealthServer } from './health.ts';
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

it('metrics say what /readyz says, as of when they are scraped', async () => {
  const health = createHealth();
  const registry = new Registry();
  observeHealth(registry, health);
  let reason: string | undefined = 'not connected';
  health.addCheck('broker', () => reason);
  health.addNotice('bans', () => 'bans are stale');
  const before = await registry.metrics();
  expect(before).toContain('wbor_ready 0');
  expect(before).toContain('wbor_fault{name="broker"} 1');
  expect(before).toContain('wbor_notice{name="bans"} 1');
  reason = undefined;
  const after = await registry.metrics();
  expect(after).toContain('wbor_ready 1');
  expect(after).not.toContain('wbor_fault{');
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

it.each([
  ['GET', '/', 404],
  ['POST', '/else', 404],
  ['GET', '/livez?x=1', 200],
  ['HEAD', '/readyz', 200],
  ['POST', '/livez', 405],
  ['PUT', '/readyz', 405],
  ['DELETE', '/metrics', 405],
  ['OPTIONS', '/metrics', 405],
])('answers %s %s with %d', async (method, path, status) => {
  const { port } = await start();
  expect((await fetch(`http://127.0.0.1:${port}${path}`, { method })).status).toBe(status);
});

describe('a client that takes its time', () => {
  it('is answered without its body, and the connection ends', async () => {
    const { port } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /livez HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\nfirst');
    expect(await untilEnd(socket)).toMatch(/^HTTP\/1\.1 405 .*connection: close/is);
  });

  it('is cut off while it sends its headers', async () => {
    const { port } = await start();
    const socket = connect(port, '127.0.0.1');
    socket.write('GET /livez HTTP/1.1\r\nx-slow: ');
    expect(await untilEnd(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('is cut off when it says nothing at all', async () => {
    const { port } = await start();
    expect(await untilEnd(connect(port, '127.0.0.1'))).not.toContain('200');
  });

  it('does not keep others from an answer, however many sockets it holds', async () => {
    const { get, port } = await start();
    const sockets = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'));
    await Promise.all(sockets.map(untilEnd));
    expect((await get('/livez')).status).toBe(200);
  });
});

/** What a server says until it ends a connection. */
async function untilEnd(socket: Socket): Promise<string> {
  let said = '';
  socket.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  // A reset is an end, too.
  socket.on('error', () => {});
  await once(socket, 'close');
  return said;
}

it('says which setting to change when the port is taken', async () => {
  const { port } = await start();
  const failure = await start(port).catch((error: unknown) => explainListenError(error, port, 'HEALTH_PORT'));
  expect(failure).toMatchObject({
    message: `port ${port} is in use; stop what uses it or set HEALTH_PORT to another port`,
  });
});
