import { join } from 'node:path';
import { DEFAULT_EXCHANGE_NAME, type Namespace } from '@wbor/contracts';
import { type Simulator, startSimulator } from '@wbor/groupme-simulator';
import { lastingPort, type ServiceProcess, spawnService } from '@wbor/testkit';
import { type App, buildEnvironments, callbackUrl, consoleUrl, type Environment } from './environments.ts';
import type { Releases } from './releases.ts';
import { type RunStep, runUnwatched, startAll } from './start-all.ts';

/** The whole system on this machine, with a GroupMe of its own. */
export interface System {
  readonly namespace: Namespace;
  readonly simulator: Simulator;
  readonly gatewayUrl: string;
  /** Of its pages, where a console is among the processes. */
  readonly consoleUrl: string;
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
  /** Tried first: who finds one taken gets another. Default: any that are free. */
  readonly ports?: { readonly gateway?: number; readonly groupme?: number; readonly console?: number };
  /** Where each process has its log, `NAME.log`. Default: in memory alone. */
  readonly logDir?: string;
  /** How much the simulator remembers; see there. */
  readonly maxRecords?: number;
  /** Owned by the caller, who also has to release what was started before a failure. */
  readonly releases: Releases;
  /** Without it all processes start at the same time. */
  readonly runStep?: RunStep;
}

/** All processes may start at the same time, on a machine with two cores that does other work too. */
const READY_TIMEOUT_MS = 60_000;

/** The last words of a service that finds its port taken; the setting that names the port. */
const PORT_IN_USE = /port \d+ is in use; stop what uses it or set (APP_PORT|HEALTH_PORT|CONSOLE_PORT) /;
const MAX_PORTS_TRIED = 5;

/** Starts GroupMe and the processes, and waits until all of them are ready. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { processes, releases } = options;
  const run = options.runStep ?? runUnwatched;
  const namespace = options.namespace ?? { exchange: DEFAULT_EXCHANGE_NAME, queuePrefix: '' };
  let gatewayPort = options.ports?.gateway ?? (await lastingPort());
  let consolePort = options.ports?.console ?? (await lastingPort());
  const hasConsole = Object.values(processes).includes('console');
  const gatewayUrl = (): string => `http://127.0.0.1:${gatewayPort}`;
  const simulator = await run(
    'GroupMe simulator',
    () => startGroupMe({ ...options, callbackUrl: callbackUrl(gatewayUrl()) }),
    ({ url }) => url,
  );
  releases.add(() => simulator.stop());

  const services = new Map<string, ServiceProcess>();
  // The console is told them all, whether it starts first or last.
  const healthPorts = new Map<string, string>();
  for (const name of Object.keys(processes)) healthPorts.set(name, String(await lastingPort()));

  async function spawn(name: string): Promise<ServiceProcess> {
    const app = processes[name];
    if (app === undefined) throw new Error(`no process is called ${name}`);
    const healthPort = healthPorts.get(name) ?? String(await lastingPort());
    healthPorts.set(name, healthPort);
    const environment = buildEnvironments({
      ...options,
      namespace,
      gatewayPort,
      consolePort: hasConsole ? consolePort : undefined,
      healthPorts: new Map([...healthPorts].filter(([other]) => other !== name)),
      simulator,
    })[app];
    const env = { ...environment, HEALTH_PORT: healthPort, ...options.env?.[app] };
    const { logDir } = options;
    const logFile = logDir === undefined ? {} : { logFile: join(logDir, `${name}.log`) };
    const service = await spawnService({ app, env, ...logFile });
    services.set(name, service);
    return service;
  }

  /** Nobody knows whether a port is free before it is listened on: whoever looks first may lose it again. */
  async function startReady(name: string): Promise<ServiceProcess> {
    for (let tried = 1; ; tried += 1) {
      const service = await spawn(name);
      try {
        await service.waitUntilReady(READY_TIMEOUT_MS);
        return service;
      } catch (error) {
        const [, setting] = PORT_IN_USE.exec(service.output()) ?? [];
        if (service.running || setting === undefined || tried === MAX_PORTS_TRIED) throw error;
        if (setting === 'HEALTH_PORT') healthPorts.delete(name);
        else if (setting === 'CONSOLE_PORT') consolePort = await lastingPort();
        else gatewayPort = await lastingPort();
        simulator.setCallbackUrl(callbackUrl(gatewayUrl()));
      }
    }
  }

  const names = Object.keys(processes);
  releases.add(async () => {
    for (const name of names.toReversed()) await services.get(name)?.stop();
  });
  await startAll(
    names.map(
      (name) => () =>
        run(
          name,
          () => startReady(name),
          ({ app, healthUrl }) =>
            app === 'gateway' ? gatewayUrl() : app === 'console' ? consoleUrl(consolePort) : healthUrl,
        ),
    ),
    { oneByOne: options.runStep !== undefined },
  );
  return {
    namespace,
    simulator,
    gatewayUrl: gatewayUrl(),
    consoleUrl: consoleUrl(consolePort),
    spawn,
    service(name) {
      const service = services.get(name);
      if (service === undefined) throw new Error(`${name} does not run`);
      return service;
    },
  };
}

/** Takes any port when the one that is wanted is in use. */
async function startGroupMe(options: {
  readonly ports?: SystemOptions['ports'];
  readonly callbackUrl: string;
  readonly maxRecords?: number;
}): Promise<Simulator> {
  const { maxRecords, ports } = options;
  const settings = { callbackUrl: options.callbackUrl, maxRecords };
  try {
    return await startSimulator({ ...settings, port: ports?.groupme });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return startSimulator(settings);
  }
}
