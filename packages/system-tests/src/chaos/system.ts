import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Namespace } from '@wbor/contracts';
import { type Simulator, startSimulator } from '@wbor/groupme-simulator';
import {
  lastingPort,
  repoRoot,
  serveBytes,
  startBroker,
  startHttpServer,
  startPostgres,
  startTcpProxy,
  type TcpProxy,
  type TestBroker,
  type TestPostgres,
} from '@wbor/testkit';
import pg from 'pg';
import { createFleet, type Fleet } from './fleet.ts';
import { makePicture } from './messages.ts';

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
  /** Whether the relay can settle a doubt by the echo or by reading the chat. */
  readonly evidence: boolean;
}

export interface SystemOptions {
  readonly echo: boolean;
  readonly readBack: boolean;
  /** More settings for the relays; for sabotage. */
  readonly relayEnv?: Readonly<Record<string, string>> | undefined;
  /** Told of what is to be released, at once when it exists. */
  readonly onStop: (release: () => Promise<unknown>) => void;
}

export const PASSWORD = 'a-password-for-chaos';
export const URGENT_SOURCE = 'sage';
const CALLBACK_SECRET = 'a-callback-secret-for-chaos';

/** Small, so that a message of a few words has several parts; large enough for a notice about a picture. */
const CHARACTER_LIMIT = '80';
const POSTS_PER_SECOND = '20';

export async function startSystem(options: SystemOptions): Promise<ChaosSystem> {
  const { onStop } = options;
  const [broker, postgres] = await settleBoth(
    startBroker({ private: true }),
    startPostgres({ private: true }),
    onStop,
  );
  const { url: databaseUrl } = await postgres.createDatabase();
  const database = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  database.on('error', () => undefined);
  onStop(() => database.end());

  const gatewayPort = await lastingPort();
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const simulator = await startSimulator({
    callbackUrl: `${gatewayUrl}/callback/${CALLBACK_SECRET}`,
    maxRecords: 1_000_000,
  });
  onStop(() => simulator.stop());
  const web = await startHttpServer({
    'POST /acknowledge': (_request, response) => {
      response.writeHead(200).end();
    },
    '*': (request, response) => {
      const [, number] = /^\/pictures\/(\d+)\.png$/.exec(request.path) ?? [];
      if (number === undefined) response.writeHead(404).end();
      else return serveBytes(makePicture(Number(number)), 'image/png')(request, response);
    },
  });
  onStop(() => web.dispose());
  const network = {
    broker: await startTcpProxy({ target: broker.url }),
    groupme: await startTcpProxy({ target: simulator.url }),
  };
  onStop(() => Promise.all([network.broker.dispose(), network.groupme.dispose()]));

  const namespace = { exchange: 'source_exchange', queuePrefix: '' };
  const common = { RABBITMQ_URL: network.broker.url(broker.url), HEALTH_HOST: '127.0.0.1' };
  const known = await readSettingNames('relay');
  const relay = {
    app: 'relay',
    env: {
      ...common,
      GROUPME_BOT_ID: simulator.botId,
      GROUPME_ACCESS_TOKEN: simulator.accessToken,
      GROUPME_API_URL: network.groupme.url(simulator.apiUrl),
      GROUPME_IMAGE_URL: withoutSlash(network.groupme.url(simulator.imageUrl)),
      GROUPME_RATE_PER_SECOND: POSTS_PER_SECOND,
      GROUPME_CHARACTER_LIMIT: CHARACTER_LIMIT,
      IMAGE_ALLOW_HOSTS: '127.0.0.1',
      ACK_URL: `${web.url}/acknowledge`,
      ...onlyKnown(known, {
        EVIDENCE_ECHO: String(options.echo),
        EVIDENCE_READ_BACK: String(options.readBack),
        GROUPME_GROUP_ID: simulator.groupId,
        GROUPME_MAX_RATE_PER_SECOND: POSTS_PER_SECOND,
        URGENT_SOURCES: URGENT_SOURCE,
      }),
      ...options.relayEnv,
    },
  };
  const fleet = createFleet({
    'relay-a': relay,
    'relay-b': relay,
    gateway: {
      app: 'gateway',
      env: {
        ...common,
        APP_HOST: '127.0.0.1',
        APP_PORT: String(gatewayPort),
        APP_PASSWORD: PASSWORD,
        GROUPME_CALLBACK_SECRET: CALLBACK_SECRET,
        GROUPME_BOT_ID: simulator.botId,
        RATE_LIMIT_SEND: '0',
      },
    },
    // Not through the proxy: it makes no calls, and its broker fails often enough.
    'audit-logger': {
      app: 'audit-logger',
      env: { ...common, RABBITMQ_URL: broker.url, DATABASE_URL: databaseUrl },
    },
  });
  onStop(() => fleet.stopAll());
  await fleet.startAll();
  return {
    namespace,
    broker,
    postgres,
    database,
    simulator,
    gatewayUrl,
    picturesUrl: web.url,
    network,
    fleet,
    evidence:
      (options.echo && known.has('EVIDENCE_ECHO')) || (options.readBack && known.has('EVIDENCE_READ_BACK')),
  };
}

/** When one does not come up, the other one must still be released. */
async function settleBoth<A extends { dispose(): Promise<void> }, B extends { dispose(): Promise<void> }>(
  first: Promise<A>,
  second: Promise<B>,
  onStop: SystemOptions['onStop'],
): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  for (const result of [a, b]) {
    if (result.status === 'fulfilled') onStop(() => result.value.dispose());
  }
  if (a.status === 'rejected') throw a.reason;
  if (b.status === 'rejected') throw b.reason;
  return [a.value, b.value];
}

/** An older or younger relay may not have all settings; it says itself which it has. */
async function readSettingNames(app: string): Promise<ReadonlySet<string>> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(repoRoot, 'apps', app, 'src/main.ts'),
    '--help',
  ]);
  return new Set([...stdout.matchAll(/^ {2}([A-Z][A-Z0-9_]+) /gm)].map(([, name]) => name ?? ''));
}

function onlyKnown(known: ReadonlySet<string>, env: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => known.has(name)));
}

function withoutSlash(url: string): string {
  return url.replace(/\/$/, '');
}
