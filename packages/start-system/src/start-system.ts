import { DEFAULT_EXCHANGE_NAME, type Namespace } from '@wbor/contracts';
import { type Simulator, startSimulator } from '@wbor/groupme-simulator';
import { lastingPort, type ServiceProcess, spawnService } from '@wbor/testkit';
import { type App, buildEnvironments, callbackUrl, type Environment } from './environments.ts';
import type { Releases } from './releases.ts';
import { type RunStep, runUnwatched, startAll } from './start-all.ts';

/** The whole system on this machine, with a GroupMe of its own. */
export interface System {
  readonly namespace: Namespace;
  readonly simulator: Simulator;
  readonly gatewayUrl: string;
  /** The process that was started last under this name; it may have ended. */
  service(name: string): ServiceProcess;
  /** Starts a process again, on the same ports, once the one before it has ended. Does not wait until it is ready. */
  spawn(name: string): Promise<ServiceProcess>;
}

export interface SystemOptions {
  /** As the apps reach them; a proxy may stand between. */
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  /** Default: the names of a deployment. */
  readonly namespace?: Namespace;
  /** What runs, by name: one process of an app, or several. They start, and stop the other way round, in this order. */
  readonly processes: Readonly<Record<string, App>>;
  /** More settings of an app. They win over what it would be told otherwise. */
  readonly env?: Readonly<Partial<Record<App, Environment>>>;
  /** Default: any that are free. */
  readonly ports?: { readonly gateway?: number; readonly groupme?: number };
  /** How much the simulator remembers; see there. */
  readonly maxRecords?: number;
  /** Owned by the caller, who also has to release what was started before a failure. */
  readonly releases: Releases;
  /** Without it all processes start at the same time. */
  readonly runStep?: RunStep;
}

/** All processes may start at the same time, on a machine with two cores that does other work too. */
const READY_TIMEOUT_MS = 60_000;

/** Starts GroupMe and the processes, and waits until all of them are ready. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { processes, releases } = options;
  const run = options.runStep ?? runUnwatched;
  const namespace = options.namespace ?? { exchange: DEFAULT_EXCHANGE_NAME, queuePrefix: '' };
  const gatewayPort = options.ports?.gateway ?? (await lastingPort());
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const simulator = await run(
    'GroupMe simulator',
    () =>
      startSimulator({
        port: options.ports?.groupme,
        callbackUrl: callbackUrl(gatewayUrl),
        maxRecords: options.maxRecords,
      }),
    ({ url }) => url,
  );
  releases.add(() => simulator.stop());

  const environments = buildEnvironments({ ...options, namespace, gatewayPort, simulator });
  const services = new Map<string, ServiceProcess>();
  const healthPorts = new Map<string, string>();

  async function spawn(name: string): Promise<ServiceProcess> {
    const app = processes[name];
    if (app === undefined) throw new Error(`no process is called ${name}`);
    const healthPort = healthPorts.get(name) ?? String(await lastingPort());
    healthPorts.set(name, healthPort);
    const env = { ...environments[app], HEALTH_PORT: healthPort, ...options.env?.[app] };
    const service = await spawnService({ app, env });
    services.set(name, service);
    return service;
  }

  const names = Object.keys(processes);
  releases.add(async () => {
    for (const name of names.toReversed()) await services.get(name)?.stop();
  });
  const startReady = async (name: string): Promise<void> => {
    const service = await spawn(name);
    await service.waitUntilReady(READY_TIMEOUT_MS);
  };
  await startAll(
    names.map((name) => () => run(name, () => startReady(name))),
    { oneByOne: options.runStep !== undefined },
  );
  return {
    namespace,
    simulator,
    gatewayUrl,
    spawn,
    service(name) {
      const service = services.get(name);
      if (service === undefined) throw new Error(`${name} does not run`);
      return service;
    },
  };
}
