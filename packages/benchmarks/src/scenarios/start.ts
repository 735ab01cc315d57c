import { setTimeout as pause } from 'node:timers/promises';
import {
  deriveTopology,
  queueName,
  relayJournalQueue,
  relayQueues,
  relayStandardQueue,
} from '@wbor/contracts';
import { migrateToLatest } from '@wbor/database';
import type { App } from '@wbor/start-system';
import { freePort, type ServiceProcess, waitFor } from '@wbor/testkit';
import { readMemoryMiB } from '../measure/process-use.ts';
import { declareQueues } from '../queues.ts';
import type { Measured, Scenario, Variant } from '../types.ts';
import type { Form, World } from '../world.ts';

/** The looks must not be what is measured, nor cost what the start has to do without. */
const LOOK_EVERY_MS = 5;
const TIMEOUT_MS = 30_000;

const APPS: readonly App[] = ['relay', 'gateway', 'audit-logger', 'moderator'];
/** In a quick run one stands for all. */
const appsIn = (world: World) => APPS.slice(0, world.size(APPS.length, 1));
const metricsOf = (app: App) => ({ start: `${app}, ready`, memory: `${app}, idle` });

/** Starts, waits until it is ready, and a while longer, until it has nothing to do; then it ends. */
async function measureStart(
  world: World,
  start: () => Promise<ServiceProcess>,
  isReady: (service: ServiceProcess) => boolean | Promise<boolean>,
): Promise<{ readyMs: number; idleMiB: number }> {
  const startedAtMs = performance.now();
  const service = await start();
  await waitFor(() => isReady(service), {
    what: `${service.app} is ready`,
    timeoutMs: TIMEOUT_MS,
    intervalMs: LOOK_EVERY_MS,
  });
  const readyMs = performance.now() - startedAtMs;
  await pause(world.size(5_000, 300));
  const idleMiB = readMemoryMiB(service.pid, 'VmRSS') ?? Number.NaN;
  await service.kill();
  return { readyMs, idleMiB };
}

async function isReadyByHttp({ healthUrl }: ServiceProcess): Promise<boolean> {
  return (await fetch(`${healthUrl}/readyz`)).ok;
}

const ours = (form: Form): Variant => ({
  name: form === 'source' ? 'from source' : 'bundled',
  async open(world) {
    const namespace = world.createNamespace();
    // Every start but the first finds them there.
    await declareQueues(world, deriveTopology(relayQueues, namespace));
    const databaseUrl = await world.createDatabase();
    await migrateToLatest({ connectionString: databaseUrl });
    const groupme = await world.startGroupMe();
    return async (): Promise<Measured> => {
      const values: Record<string, number> = {};
      for (const app of appsIn(world)) {
        const options = {
          namespace,
          databaseUrl,
          groupme,
          form,
          gatewayPort: await freePort(),
          env: { HEALTH_PORT: String(await freePort()) },
        };
        const { readyMs, idleMiB } = await measureStart(
          world,
          () => world.spawnApp(app, options),
          isReadyByHttp,
        );
        values[metricsOf(app).start] = readyMs;
        values[metricsOf(app).memory] = idleMiB;
      }
      return { values, processes: {} };
    };
  },
});

const floor = (form: Form): Variant => ({
  name: `bare consumer, ${form === 'source' ? 'from source' : 'bundled'}`,
  async open(world) {
    const namespace = world.createNamespace();
    const groupme = await world.startGroupMe();
    const env = {
      EXCHANGE: namespace.exchange,
      QUEUE: queueName(relayStandardQueue, namespace),
      LOG_QUEUE: queueName(relayJournalQueue, namespace),
      GROUPME_API_URL: groupme.apiUrl,
      GROUPME_IMAGE_URL: groupme.imageUrl,
    };
    return async (): Promise<Measured> => {
      const { readyMs, idleMiB } = await measureStart(
        world,
        () => world.spawnFloor('forwarder', env, form),
        (service) => service.logs().some(({ msg }) => msg === 'ready'),
      );
      const entries = appsIn(world)
        .map(metricsOf)
        .flatMap(({ start, memory }) => [[start, readyMs] as const, [memory, idleMiB] as const]);
      return { values: Object.fromEntries(entries), processes: {} };
    };
  },
});

const startScenario = (form: Form): Scenario => ({
  name: `start-${form}`,
  summary: `from the start of the process to ready, and memory when idle, ${form === 'source' ? 'from source' : 'bundled'}`,
  metrics: APPS.map(metricsOf).flatMap(({ start, memory }) => [
    { name: start, unit: 'ms' },
    { name: memory, unit: 'MiB' },
  ]),
  ours: ours(form),
  floors: [floor(form)],
});

export const starts: readonly Scenario[] = [startScenario('bundle'), startScenario('source')];
