import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reachDocker } from '../docker.ts';
import { messageOf } from '../errors.ts';
import { freePort } from '../free-port.ts';
import { waitFor } from '../wait.ts';
import { createDatabase, postgresAnswers } from './databases.ts';
import type { PostgresStartOptions, TestPostgres } from './types.ts';

const IMAGE = 'postgres:18';

/** A Postgres in a container, or why there is none. */
export async function startContainerPostgres(
  options: PostgresStartOptions,
): Promise<{ postgres: TestPostgres } | { reason: string }> {
  const docker = await reachDocker();
  if ('reason' in docker) return docker;
  options.onProgress?.(`starting ${IMAGE} in Docker`);
  const port = await freePort();
  const { GenericContainer, Wait } = docker.testcontainers;
  let definition = new GenericContainer(IMAGE)
    .withEnvironment({ POSTGRES_USER: 'postgres', POSTGRES_PASSWORD: 'postgres', POSTGRES_DB: 'postgres' })
    .withExposedPorts({ container: 5432, host: port })
    // Once while it is being initialised, once for good.
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(180_000);
  if (options.dataDir === undefined) {
    definition = definition.withCommand(['postgres', '-c', 'fsync=off', '-c', 'full_page_writes=off']);
  } else {
    const folder = join(options.dataDir, 'container');
    await mkdir(folder, { recursive: true });
    definition = definition.withBindMounts([{ source: folder, target: '/var/lib/postgresql' }]);
    const uid = process.getuid?.() ?? 0;
    if (uid !== 0) definition = definition.withUser(`${uid}:${process.getgid?.() ?? uid}`);
  }
  let started: Awaited<ReturnType<typeof definition.start>>;
  try {
    started = await definition.start();
  } catch (error) {
    // Most often an image that cannot be pulled: there may be another way.
    return { reason: `${IMAGE} did not start: ${messageOf(error)}` };
  }
  const container = docker.client.container.getById(started.getId());
  const url = `postgres://postgres:postgres@${started.getHost()}:${port}/postgres`;
  const untilItAnswers = () =>
    waitFor(() => postgresAnswers(url), {
      timeoutMs: 60_000,
      intervalMs: 100,
      what: 'Postgres takes connections',
    });
  await untilItAnswers();
  let disposed = false;
  const postgres: TestPostgres = {
    url,
    owned: true,
    pid: undefined,
    how: `${IMAGE} in Docker, port ${port}`,
    async stop() {
      await container.stop({ t: 30 });
    },
    async start() {
      await container.start();
      await untilItAnswers();
    },
    createDatabase: (template) => createDatabase(url, template),
    async dispose() {
      if (disposed) return;
      disposed = true;
      await started.stop({ timeout: options.dataDir === undefined ? 0 : 30_000 });
    },
  };
  return { postgres };
}
