import type { Namespace } from '@wbor/contracts';
import type { Simulator } from '@wbor/groupme-simulator';
import { type App, type Releases, startServers, startSystem } from '@wbor/start-system';
import {
  freePort,
  type HttpRecorder,
  serveBytes,
  startHttpServer,
  startTcpProxy,
  type TcpProxy,
  type TestBroker,
  type TestPostgres,
} from '@wbor/testkit';
import pg from 'pg';
import { createFleet, type Fleet } from './fleet.ts';
import { makePicture } from './messages.ts';
import type { ProcessName } from './schedule.ts';

/** Everything that runs, and can be broken. */
export interface ChaosSystem {
  readonly namespace: Namespace;
  readonly broker: TestBroker;
  readonly postgres: TestPostgres;
  /** Of the audit. Errors of a Postgres that is away are thrown by its queries only. */
  readonly database: pg.Pool;
  readonly simulator: Simulator;
  readonly gatewayUrl: string;
  readonly picturesUrl: string;
  readonly network: Readonly<Record<'broker' | 'groupme', TcpProxy>>;
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
  const { broker, postgres } = await startServers({
    broker: { private: true },
    postgres: { private: true },
    releases,
  });
  const { url: databaseUrl } = await postgres.createDatabase();
  const database = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  database.on('error', () => undefined);
  releases.add(() => database.end());
  const web = await startWeb();
  releases.add(() => web.dispose());
  const groupmePort = await freePort();
  const network = {
    broker: await startTcpProxy({ target: broker.url }),
    groupme: await startTcpProxy({ target: { host: '127.0.0.1', port: groupmePort } }),
  };
  releases.add(() => Promise.all([network.broker.dispose(), network.groupme.dispose()]));
  const groupmeUrl = `http://127.0.0.1:${network.groupme.port}`;
  const groupmeApiUrl = `${groupmeUrl}/v3`;

  const system = await startSystem({
    brokerUrl: network.broker.url(broker.url),
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
        // What the chat is told of hostile messages that were parked carries no token of theirs.
        PARKED_NOTICE: String(!options.fuzz),
        ...options.relayEnv,
      },
      gateway: { RATE_LIMIT_SEND: '0', RATE_LIMIT_REFUSED: '0', RATE_LIMIT_PUBLIC: '0' },
      // Not through the proxy: it makes no calls, and its broker fails often enough.
      'audit-logger': { RABBITMQ_URL: broker.url },
    },
  });
  const fleet = createFleet(system);
  releases.add(() => fleet.stopAll());
  return {
    namespace: system.namespace,
    broker,
    postgres,
    database,
    simulator: system.simulator,
    gatewayUrl: system.gatewayUrl,
    picturesUrl: web.url,
    network,
    fleet,
    groupmeApiUrl,
    evidence: options.echo || options.readBack,
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
