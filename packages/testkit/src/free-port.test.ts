import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort, lastingPort } from './free-port.ts';

test('never gives the same port twice, and can be listened on', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(new Set(ports).size).toBe(20);
  const server = createServer().listen(ports[0], '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
});

test('gives a port to one only of many calls that overlap', async () => {
  const preferred = await freePort();
  const calls: Promise<number>[] = [];
  for (let count = 0; count < 100; count += 1) {
    // The earlier ones get along by a step: so some call begins when another has just looked.
    await new Promise<void>((resolve) => process.nextTick(resolve));
    calls.push(freePort(preferred + 1));
  }
  expect(new Set(await Promise.all(calls)).size).toBe(100);
});

test('gives the preferred port only when it is free', async () => {
  const preferred = await freePort();
  const server = createServer().listen(preferred, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  expect(await freePort(preferred)).not.toBe(preferred);
});

test('keeps the ports of servers that come back apart from all others', async () => {
  const [passing, lasting] = await Promise.all([
    Promise.all(Array.from({ length: 50 }, () => freePort())),
    Promise.all(Array.from({ length: 50 }, () => lastingPort())),
  ]);
  expect(Math.max(...lasting)).toBeLessThan(Math.min(...passing));
});
