import type { Namespace } from '@wbor/contracts';
import type { Simulator } from '@wbor/groupme-simulator';
import { type App, type Releases, startServers, startSystem } from '@wbor/start-system';
import {
  freePort,
  type HttpRecorder,
  serveBytes,
  startCluster,
  startHttpServer,
  startPostgres,
  startTcpProxy,
  type TcpProxy,
  type TestBroker,
  type TestCluster,
  type TestPostgres,
} from '@wbor/testkit';
import pg from 'pg';
import { createFleet, type Fleet } from './fleet.ts';
import { makePicture } from './messages.ts';
import type { ProcessName } from './schedule.ts';

/** Everything that runs, and can be broken. */
export interface ChaosSystem {
  readonly namespace: Namespace;
  /** The broker, or the first node of the cluster: for looking at it while all is well. */
  readonly broker: TestBroker;
  readonly cluster: TestCluster | undefined;
  /** Of the broker, or of each node. */
  readonly brokerUrls: readonly string[];
  /** The same, through the network that fails. */
  readonly distantBrokerUrls: readonly string[];
  readonly postgres: TestPostgres;
  /** Of the audit. Errors of a Postgres that is away are thrown by its queries only. */
  readonly database: pg.Pool;
  readonly simulator: Simulator;
  readonly gatewayUrl: string;
  readonly picturesUrl: string;
  readonly network: Readonly<Record<'broker' | 'groupme', Pick<TcpProxy, 'cut' | 'stall' | 'heal'>>>;
  readonly fleet: Fleet;
  /** GroupMe as everybody reaches it, through the network that fails. */
  readonly groupmeApiUrl: string;
  /** Whether the relay can settle a doubt by the echo or by reading the chat. */
  readonly evidence: boolean;
}

export interface ChaosSystemOptions {
  readonly echo: boolean;
  readonly readBack: boolean;
  /** Hostile senders will be about. */
  readonly fuzz: boolean;
  /** More settings for the relays; for sabotage. */
  readonly relayEnv?: Readonly<Record<string, string>> | undefined;
  /** The broker is a cluster of three. */
  readonly cluster: boolean;
  readonly releases: Releases;
}

export const URGENT_SOURCE = 'sage';

/** Small, so that a message of a few words has several parts; large enough for a notice about a picture. */
const CHARACTER_LIMIT = '80';
const POSTS_PER_SECOND = '20';

const PROCESSES: Readonly<Record<ProcessName, App>> = {
  'relay-a': 'relay',
  'relay-b': 'relay',
  gateway: 'gateway',
  'audit-logger': 'audit-logger',
};

/** Starts a system of its own, with proxies that can be cut before the broker and before GroupMe. */
export async function startChaosSystem(options: ChaosSystemOptions): Promise<ChaosSystem> {
  const { releases } = options;
  const { broker, brokerUrls, cluster, postgres } = await startChaosServers(options);
  const { url: databaseUrl } = await postgres.createDatabase();
  const database = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  database.on('error', () => undefined);
  releases.add(() => database.end());
  const web = await startWeb();
  releases.add(() => web.dispose());
  const groupmePort = await freePort();
  const network = {
    broker: await Promise.all(brokerUrls.map((target) => startTcpProxy({ target }))),
    groupme: await startTcpProxy({ target: { host: '127.0.0.1', port: groupmePort } }),
  };
  releases.add(() => Promise.all([...network.broker, network.groupme].map((proxy) => proxy.dispose())));
  const distantBrokerUrls = brokerUrls.map((url, index) => network.broker[index]?.url(url) ?? url);
  const groupmeUrl = `http://127.0.0.1:${network.groupme.port}`;
  const groupmeApiUrl = `${groupmeUrl}/v3`;

  const system = await startSystem({
    brokerUrl: distantBrokerUrls[0] ?? broker.url,
    databaseUrl,
    processes: PROCESSES,
    ports: { groupme: groupmePort },
    maxRecords: 1_000_000,
    releases,
    env: {
      relay: {
        GROUPME_API_URL: groupmeApiUrl,
        GROUPME_IMAGE_URL: groupmeUrl,
        GROUPME_RATE_PER_SECOND: POSTS_PER_SECOND,
        GROUPME_MAX_RATE_PER_SECOND: POSTS_PER_SECOND,
        GROUPME_CHARACTER_LIMIT: CHARACTER_LIMIT,
        ACK_URL: `${web.url}/acknowledge`,
        EVIDENCE_ECHO: String(options.echo),
        EVIDENCE_READ_BACK: String(options.readBack),
        URGENT_SOURCES: URGENT_SOURCE,
        ...brokerEnvironment(distantBrokerUrls),
        // What the chat is told of hostile messages that were parked carries no token of theirs.
        PARKED_NOTICE: String(!options.fuzz),
        ...options.relayEnv,
      },
      gateway: {
        ...brokerEnvironment(distantBrokerUrls),
        RATE_LIMIT_SEND: '0',
        RATE_LIMIT_REFUSED: '0',
        RATE_LIMIT_PUBLIC: '0',
      },
      // Not through the proxy: it makes no calls, and its broker fails often enough.
      'audit-logger': brokerEnvironment(brokerUrls),
    },
  });
  const fleet = createFleet(system);
  releases.add(() => fleet.stopAll());
  return {
    namespace: system.namespace,
    broker,
    cluster,
    brokerUrls,
    distantBrokerUrls,
    postgres,
    database,
    simulator: system.simulator,
    gatewayUrl: system.gatewayUrl,
    picturesUrl: web.url,
    network: { broker: together(network.broker), groupme: network.groupme },
    fleet,
    groupmeApiUrl,
    evidence: options.echo || options.readBack,
  };
}

async function startChaosServers({ cluster: isCluster, releases }: ChaosSystemOptions) {
  if (!isCluster) {
    const servers = await startServers({
      broker: { private: true },
      postgres: { private: true },
      releases,
    });
    return { ...servers, cluster: undefined, brokerUrls: [servers.broker.url] };
  }
  const postgres = await startPostgres({ private: true });
  releases.add(() => postgres.dispose());
  const cluster = await startCluster();
  releases.add(() => cluster.dispose());
  const [broker] = cluster.nodes;
  if (broker === undefined) throw new RangeError('a cluster without nodes');
  return { broker, cluster, postgres, brokerUrls: cluster.nodes.map(({ url }) => url) };
}

function brokerEnvironment(urls: readonly string[]): Record<string, string> {
  return { RABBITMQ_URL: '', RABBITMQ_URLS: urls.join(',') };
}

/** Several ways to one broker that fail as one. */
function together(proxies: readonly TcpProxy[]): Pick<TcpProxy, 'cut' | 'stall' | 'heal'> {
  return {
    cut: async () => void (await Promise.all(proxies.map((proxy) => proxy.cut()))),
    stall: () => {
      for (const proxy of proxies) proxy.stall();
    },
    heal: async () => void (await Promise.all(proxies.map((proxy) => proxy.heal()))),
  };
}

/** What the producers' pictures are fetched from, and who hears of SMS that have arrived. */
function startWeb(): Promise<HttpRecorder> {
  return startHttpServer({
    'POST /acknowledge': (_request, response) => {
      response.writeHead(200).end();
    },
    '*': (request, response) => {
      const [, number] = /^\/pictures\/(\d+)\.png$/.exec(request.path) ?? [];
      if (number === undefined) response.writeHead(404).end();
      else return serveBytes(makePicture(Number(number)), 'image/png')(request, response);
    },
  });
}
