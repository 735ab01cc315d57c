import { createServer } from 'node:net';
import { TestkitError } from './errors.ts';

// Below the range from which systems draw the ports of outgoing connections: a stopped server finds its port
// still free when it is started again.
const LOWEST = 20_000;
const HIGHEST = 31_999;
const given = new Set<number>();

/**
 * A TCP port on which nobody listens: `preferred` if it is free, else a random one, so that processes side by side
 * rarely meet. Never the same one twice in a process.
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await reserve(preferred))) return preferred;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    if (await reserve(port)) return port;
  }
  throw new TestkitError('TIMEOUT', `no free TCP port between ${LOWEST} and ${HIGHEST}`);
}

/** Ours before the look, which takes a moment: another call in that moment must not get it too. */
async function reserve(port: number): Promise<boolean> {
  if (given.has(port)) return false;
  given.add(port);
  if (await isFree(port)) return true;
  given.delete(port);
  return false;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    // All interfaces: a port taken on one of them only would fool a check of the loopback alone.
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
