import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_EXCHANGE_NAME } from '@wbor/contracts';
import type { Simulator } from '@wbor/groupme-simulator';
import {
  type App,
  callbackUrl,
  deployedNodeOptions,
  PASSWORD,
  type Releases,
  startServers,
  startSystem,
} from '@wbor/start-system';
import { repoRoot, type ServiceProcess, type TestBroker } from '@wbor/testkit';
import pg from 'pg';
import { writeTokens } from '../write-tokens.ts';
import type { GatewayRoutes } from './inputs/http.ts';
import { FUZZ_SOURCES, type Programs } from './inputs/programs.ts';

/** All four services, one process each, on servers of their own. */
export interface FuzzSystem {
  readonly broker: TestBroker;
  readonly exchange: string;
  readonly database: pg.Pool;
  readonly simulator: Simulator;
  readonly gatewayUrl: string;
  readonly routes: GatewayRoutes & { readonly programs: Programs };
  readonly services: Readonly<Record<App, ServiceProcess>>;
}

export const APPS: readonly App[] = ['audit-logger', 'relay', 'gateway', 'moderator'];

export async function startFuzzSystem(releases: Releases): Promise<FuzzSystem> {
  const { broker, postgres } = await startServers({
    broker: { private: true },
    postgres: { private: true },
    releases,
  });
  const { url: databaseUrl } = await postgres.createDatabase();
  const database = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  database.on('error', () => undefined);
  releases.add(() => database.end());
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  releases.add(async () => rmSync(folder, { recursive: true }));
  const tokens = writeTokens(join(folder, 'tokens.json'), FUZZ_SOURCES);
  const twilio = { authToken: randomBytes(16).toString('hex'), publicUrl: 'http://127.0.0.1' };
  const system = await startSystem({
    brokerUrl: broker.url,
    databaseUrl,
    processes: Object.fromEntries(APPS.map((app) => [app, app])),
    maxRecords: 1_000_000,
    releases,
    env: {
      // What is refused for its number would not be tried.
      relay: {
        NODE_OPTIONS: deployedNodeOptions('relay'),
        GROUPME_RATE_PER_SECOND: '0',
        NOTIFICATIONS_EXCHANGE: DEFAULT_EXCHANGE_NAME,
      },
      gateway: {
        RATE_LIMIT_SEND: '0',
        RATE_LIMIT_REFUSED: '0',
        RATE_LIMIT_PUBLIC: '0',
        TOKENS_FILE: join(folder, 'tokens.json'),
        SPOOL_FILE: join(folder, 'spool.sqlite'),
        HOOKS_FILE: join(repoRoot, 'apps/gateway/examples/hooks.json'),
        TWILIO_AUTH_TOKEN: twilio.authToken,
        PUBLIC_URL: twilio.publicUrl,
      },
    },
  });
  releases.add(() => Promise.all(APPS.map((app) => system.service(app).kill())));
  const document = (await (await fetch(`${system.gatewayUrl}/openapi.json`)).json()) as { paths: object };
  return {
    broker,
    exchange: system.namespace.exchange,
    database,
    simulator: system.simulator,
    gatewayUrl: system.gatewayUrl,
    routes: {
      host: new URL(system.gatewayUrl).host,
      password: PASSWORD,
      callback: new URL(callbackUrl(system.gatewayUrl)).pathname,
      groupId: system.simulator.groupId,
      programs: { tokens, twilio },
      documented: Object.keys(document.paths).sort(),
    },
    services: Object.fromEntries(APPS.map((app) => [app, system.service(app)])) as Record<
      App,
      ServiceProcess
    >,
  };
}
