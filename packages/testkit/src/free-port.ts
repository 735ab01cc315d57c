import { createServer } from 'node:net';
import { TestkitError } from './errors.ts';

// Below the range from which systems draw the ports of outgoing connections: a stopped server finds its port
// still free when it is started again.
const PASSING = { lowest: 20_000, highest: 31_999 };
/** Apart from the others, of which there are many in the time that a server is down. */
const LASTING = { lowest: 12_000, highest: 19_999 };
const given = new Set<number>();

/**
 * A TCP port on which nobody listens: `preferred` if it is free, else a random one, so that processes side by side
 * rarely meet. Never the same one twice in a process.
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await reserve(preferred))) return preferred;
  return randomPort(PASSING);
}

/** The same for a server that will be stopped and started again, and must find its port free then. */
export function lastingPort(): Promise<number> {
  return randomPort(LASTING);
}

async function randomPort({ lowest, highest }: typeof PASSING): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
    if (await reserve(port)) return port;
  }
  throw new TestkitError('TIMEOUT', `no free TCP port between ${lowest} and ${highest}`);
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
