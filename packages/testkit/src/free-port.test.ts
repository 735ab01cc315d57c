import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from './free-port.ts';

test('never gives the same port twice, and can be listened on', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(new Set(ports).size).toBe(20);
  const server = createServer().listen(ports[0], '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
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
