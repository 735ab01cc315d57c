import { join } from 'node:path';
import {
  deriveTopology,
  moderatorCallbacksQueue,
  queueName,
  relayQueues,
  relayStandardQueue,
} from '@wbor/contracts';
import { callbackUrl, PASSWORD } from '@wbor/start-system';
import { freePort, type ServiceProcess } from '@wbor/testkit';
import { runLoad } from '../load/run-load.ts';
import { watchProcesses } from '../measure/process-use.ts';
import { declareQueues } from '../queues.ts';
import type { Measured, Scenario, Variant } from '../types.ts';
import type { World } from '../world.ts';

const CONNECTIONS = 50;

/** A request, and what is at its end. */
interface Route {
  url(serverUrl: string): string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };

const send: Route = {
  url: (serverUrl) => `${serverUrl}/send`,
  headers: { ...JSON_TYPE, authorization: `Bearer ${PASSWORD}` },
  body: JSON.stringify({ source: 'bench', body: 'Power is back in the studio, all is well ({id})' }),
};

/** As GroupMe tells what a member said. */
const callback: Route = {
  url: callbackUrl,
  headers: JSON_TYPE,
  body: JSON.stringify({
    attachments: [],
    avatar_url: 'https://i.groupme.com/avatar',
    created_at: 1_764_000_000,
    group_id: '90000001',
    id: '{id}',
    name: 'Station Manager',
    sender_id: '12345678',
    sender_type: 'user',
    source_guid: 'guid-{id}',
    system: false,
    text: 'Who has the key to the record library? ({id})',
    user_id: '12345678',
  }),
};

function httpScenario(name: string, what: string, route: Route): Scenario {
  return {
    name,
    summary: `${what}, ${CONNECTIONS} connections that each wait for their answer`,
    metrics: [
      { name: 'rate', unit: 'req/s' },
      { name: 'p50', unit: 'ms' },
      { name: 'p99', unit: 'ms' },
    ],
    ours: serverVariant('gateway', route, startGateway),
    floors: [
      serverVariant('bare Fastify', route, (world) => startFloor(world, 'bare')),
      serverVariant('the same limits', route, (world) => startFloor(world, 'honest')),
    ],
  };
}

export const httpScenarios: readonly Scenario[] = [
  httpScenario('http-send', 'POST /send', send),
  httpScenario('http-callback', "GroupMe's callback", callback),
];

interface Server {
  readonly url: string;
  readonly service: ServiceProcess;
  /** Where what it publishes ends up. */
  readonly queues: readonly string[];
}

function serverVariant(name: string, route: Route, start: (world: World) => Promise<Server>): Variant {
  return {
    name,
    async open(world) {
      const server = await start(world);
      const channel = await world.openChannel();
      return async (): Promise<Measured> => {
        const stopWatching = watchProcesses({ service: server.service.pid, broker: world.servers.brokerPid });
        const load = await runLoad({
          ...route,
          url: route.url(server.url),
          connections: CONNECTIONS,
          warmUpMs: world.size(2_000, 200),
          durationMs: world.size(8_000, 500),
        });
        const processes = stopWatching();
        for (const queue of server.queues) await channel.purgeQueue(queue);
        return {
          values: { rate: load.requestsPerSecond, p50: load.p50Ms, p99: load.p99Ms },
          // The processes' CPU time has the warm-up in it.
          messages: load.sent,
          processes: { ...processes, load: { cpuMs: load.cpuMs, peakMiB: load.peakMiB } },
        };
      };
    },
  };
}

async function startGateway(world: World): Promise<Server> {
  const namespace = world.createNamespace();
  // What nobody takes would be answered 503.
  const queues = [...relayQueues, moderatorCallbacksQueue];
  await declareQueues(world, deriveTopology(queues, namespace));
  const port = await freePort();
  const service = await world.spawnApp('gateway', {
    namespace,
    gatewayPort: port,
    env: {
      SPOOL_FILE: join(world.folder, 'spool.sqlite'),
      // Counted, and never reached.
      RATE_LIMIT_SEND: '1000000',
    },
  });
  await service.waitUntilReady();
  return {
    url: `http://127.0.0.1:${port}`,
    service,
    queues: [relayStandardQueue, moderatorCallbacksQueue].map((queue) => queueName(queue, namespace)),
  };
}

async function startFloor(world: World, kind: 'bare' | 'honest'): Promise<Server> {
  const namespace = world.createNamespace();
  const port = await freePort();
  const queue = queueName(relayStandardQueue, namespace);
  const service = await world.spawnFloor('http', {
    KIND: kind,
    PORT: String(port),
    EXCHANGE: namespace.exchange,
    QUEUE: queue,
    PASSWORD,
    CALLBACK_SECRET: callbackUrl('').split('/').at(-1) ?? '',
  });
  await service.waitForLog(({ msg }) => msg === 'ready');
  return { url: `http://127.0.0.1:${port}`, service, queues: [queue] };
}
