import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { reachDocker } from '../docker.ts';
import { messageOf } from '../errors.ts';
import { freePort } from '../free-port.ts';
import { waitFor } from '../wait.ts';
import { brokerAnswers } from './answers.ts';
import { buildControlMethods } from './control.ts';
import type { BrokerStartOptions, TestBroker } from './types.ts';

const IMAGE = 'rabbitmq:4-management';

/** A broker in a container, or why there is none. */
export async function startContainerBroker(
  options: BrokerStartOptions,
): Promise<{ broker: TestBroker } | { reason: string }> {
  const docker = await reachDocker();
  if ('reason' in docker) return docker;
  options.onProgress?.(`starting ${IMAGE} in Docker`);
  const [amqpPort, managementPort] = await Promise.all([freePort(), freePort()]);
  const { GenericContainer, Wait } = docker.testcontainers;
  let definition = new GenericContainer(IMAGE)
    // The node's name, and with it the folder of its data, comes from the host name.
    .withHostname('wbor')
    // Fixed, since a container that is started again would get another port.
    .withExposedPorts(
      { container: 5672, host: amqpPort },
      ...(options.management ? [{ container: 15672, host: managementPort }] : []),
    )
    .withWaitStrategy(Wait.forLogMessage(/Server startup complete/))
    .withStartupTimeout(180_000);
  // As the installed one has it.
  const config = ['max_message_size = 134217728', ...(options.config ?? []), ''].join('\n');
  definition = definition.withCopyContentToContainer([
    { content: config, target: '/etc/rabbitmq/conf.d/90-testkit.conf' },
  ]);
  if (options.dataDir !== undefined) {
    const folder = join(options.dataDir, 'container');
    await mkdir(folder, { recursive: true });
    definition = definition.withBindMounts([{ source: folder, target: '/var/lib/rabbitmq' }]);
    // Files of ours, so that a reset can remove them without root.
    if (process.getuid !== undefined && process.getgid !== undefined) {
      definition = definition.withUser(`${process.getuid()}:${process.getgid()}`);
    }
  }
  let started: Awaited<ReturnType<typeof definition.start>>;
  try {
    started = await definition.start();
  } catch (error) {
    // Most often an image that cannot be pulled: there may be another way.
    return { reason: `${IMAGE} did not start: ${messageOf(error)}` };
  }
  const container = docker.client.container.getById(started.getId());
  const host = started.getHost();
  const url = `amqp://guest:guest@${host}:${amqpPort}`;
  const untilItAnswers = () =>
    waitFor(() => brokerAnswers(url), {
      timeoutMs: 90_000,
      intervalMs: 100,
      what: 'RabbitMQ takes connections',
    });
  await untilItAnswers();

  const control: TestBroker['control'] = async (...args) => {
    const result = await started.exec(['rabbitmqctl', '-q', ...args]);
    if (result.exitCode !== 0) throw new Error(`rabbitmqctl ${args[0] ?? ''} failed: ${result.output}`);
    return result.stdout;
  };
  let disposed = false;
  const broker: TestBroker = {
    url,
    managementUrl: options.management ? `http://${host}:${managementPort}` : undefined,
    owned: true,
    pid: undefined,
    how: `${IMAGE} in Docker, port ${amqpPort}`,
    async stop() {
      await container.stop({ t: 30 });
    },
    async kill() {
      await container.kill({ signal: 'SIGKILL' });
    },
    async start() {
      await container.start();
      await untilItAnswers();
    },
    control,
    ...buildControlMethods(url, control),
    async dispose() {
      if (disposed) return;
      disposed = true;
      await started.stop({ timeout: options.dataDir === undefined ? 0 : 30_000 });
    },
  };
  return { broker };
}
