import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Namespace } from '@wbor/contracts';
import { type App, buildEnvironments, createReleases, type Releases } from '@wbor/start-system';
import {
  connectAmqp,
  createDatabase,
  createNamespace,
  deleteNamespace,
  freePort,
  type ServiceProcess,
  spawnService,
} from '@wbor/testkit';
import type { ConfirmChannel } from 'amqplib';
import { COMPILE_CACHE, deployedEnv, type FloorName, floorEntry } from './bundles.ts';
import { type GroupMeStandIn, startGroupMeStandIn } from './groupme.ts';

/** Broker and Postgres, which all scenarios share. */
export interface Servers {
  readonly brokerUrl: string;
  readonly brokerPid?: number | undefined;
  readonly postgresUrl: string;
  readonly postgresPid?: number | undefined;
}

/** Whether something runs from TypeScript or as it is deployed. */
export type Form = 'source' | 'bundle';

interface AppOptions {
  readonly namespace: Namespace;
  readonly groupme?: GroupMeStandIn;
  readonly databaseUrl?: string;
  readonly gatewayPort?: number;
  /** Default: the broker itself. */
  readonly brokerUrl?: string;
  /** They win over what the app would be told otherwise. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default `bundle`. */
  readonly form?: Form;
}

/** What a scenario works with. Whatever it starts ends with the world, the last first. */
export interface World {
  readonly servers: Servers;
  readonly releases: Releases;
  /** How much of something, in a run for figures and in a quick one. */
  size(full: number, quick: number): number;
  /** A folder that is removed in the end. */
  readonly folder: string;
  /** Names of its own on the broker. */
  createNamespace(): Namespace;
  createDatabase(): Promise<string>;
  startGroupMe(): Promise<GroupMeStandIn>;
  /** A producer's channel, with confirms. */
  openChannel(): Promise<ConfirmChannel>;
  /** Starts a service of ours; does not wait until it is ready. */
  spawnApp(app: App, options: AppOptions): Promise<ServiceProcess>;
  /** Starts a floor; does not wait until it is ready. */
  spawnFloor(name: FloorName, env: Readonly<Record<string, string>>, form?: Form): Promise<ServiceProcess>;
}

function profilingEnv(app: App, folder: string): Record<string, string> {
  return { NODE_OPTIONS: `${deployedEnv(app).NODE_OPTIONS} --cpu-prof --cpu-prof-dir=${folder}` };
}

export async function createWorld(
  servers: Servers,
  { profile, quick }: { readonly quick: boolean; readonly profile?: string | undefined },
): Promise<World> {
  const releases = createReleases();
  const folder = await mkdtemp(join(tmpdir(), 'wbor-bench-'));
  releases.add(() => rm(folder, { recursive: true, force: true }));
  let spawned = 0;

  async function spawn(app: string, entry: string, env: Record<string, string>): Promise<ServiceProcess> {
    spawned += 1;
    const logFile = join(folder, `${spawned}.log`);
    const service = await spawnService({ app, entry, env, logFile });
    // A profile is written at a good end.
    releases.add(() => (profile === undefined ? service.kill() : service.stop()));
    return service;
  }

  return {
    servers,
    releases,
    folder,
    size: (full, small) => (quick ? small : full),
    createNamespace() {
      const namespace = createNamespace();
      releases.add(() => deleteNamespace(servers.brokerUrl, namespace));
      return namespace;
    },
    async createDatabase() {
      const database = await createDatabase(servers.postgresUrl);
      releases.add(() => database.drop());
      return database.url;
    },
    async startGroupMe() {
      const groupme = await startGroupMeStandIn();
      releases.add(() => groupme.dispose());
      return groupme;
    },
    async openChannel() {
      const connection = await connectAmqp(servers.brokerUrl);
      releases.add(() => connection.close());
      return connection.createConfirmChannel();
    },
    async spawnApp(app, options) {
      const { form = 'bundle', namespace } = options;
      const nowhere = { botId: 'none', accessToken: 'none', groupId: '1', apiUrl: '', imageUrl: '' };
      const env = buildEnvironments({
        brokerUrl: options.brokerUrl ?? servers.brokerUrl,
        databaseUrl: options.databaseUrl ?? '',
        namespace,
        gatewayPort: options.gatewayPort ?? (await freePort()),
        simulator: options.groupme ?? nowhere,
      })[app];
      const profiling = profile === undefined ? {} : profilingEnv(app, `${profile}.${app}`);
      const entry = form === 'bundle' ? 'dist/main.js' : 'src/main.ts';
      return spawn(app, entry, {
        ...env,
        ...(form === 'bundle' ? deployedEnv(app) : {}),
        ...profiling,
        ...options.env,
      });
    },
    spawnFloor: (name, env, form = 'bundle') =>
      spawn(name, floorEntry(name, form), {
        NODE_ENV: 'production',
        ...(form === 'bundle' ? { NODE_COMPILE_CACHE: COMPILE_CACHE } : {}),
        RABBITMQ_URL: servers.brokerUrl,
        ...env,
      }),
  };
}
