import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { messageOf } from './errors.ts';

type Testcontainers = typeof import('testcontainers');

export interface Docker {
  readonly testcontainers: Testcontainers;
  readonly client: Awaited<ReturnType<Testcontainers['getContainerRuntimeClient']>>;
}

const USUAL_SOCKETS = [
  '/var/run/docker.sock',
  `${homedir()}/.docker/run/docker.sock`,
  `${homedir()}/.colima/default/docker.sock`,
];

/** The Docker engine of this machine, or why there is none. */
export async function reachDocker(): Promise<Docker | { readonly reason: string }> {
  const named = process.env.DOCKER_HOST ?? process.env.TESTCONTAINERS_HOST_OVERRIDE ?? '';
  const rootless = `${process.env.XDG_RUNTIME_DIR ?? ''}/docker.sock`;
  // Asked first, because loading the library alone takes the better part of a second.
  if (named === '' && ![...USUAL_SOCKETS, rootless].some((path) => existsSync(path))) {
    return { reason: 'no engine runs here' };
  }
  try {
    const testcontainers = await import('testcontainers');
    return { testcontainers, client: await testcontainers.getContainerRuntimeClient() };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}
