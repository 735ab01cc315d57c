import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Gauge, type Registry } from 'prom-client';

/** Says why the service would not get a message through now; nothing when it would. */
type ReadinessCheck = () => string | undefined;

/** Says what somebody should know although messages get through; nothing when there is nothing to say. */
type Notice = () => string | undefined;

export interface Health {
  addCheck(name: string, check: ReadinessCheck): void;
  /** Shown by `/readyz` while it has something to say. Never makes the service not ready. */
  addNotice(name: string, notice: Notice): void;
  /** Name and reason of every check that fails now. */
  faults(): { name: string; reason: string }[];
  /** Name and text of every notice that has something to say now. */
  notices(): { name: string; notice: string }[];
}

export function createHealth(): Health {
  const checks = new Map<string, ReadinessCheck>();
  const notices = new Map<string, Notice>();
  return {
    addCheck(name, check) {
      checks.set(name, check);
    },
    addNotice(name, notice) {
      notices.set(name, notice);
    },
    faults() {
      return [...checks].flatMap(([name, check]) => {
        const reason = check();
        return reason === undefined ? [] : [{ name, reason }];
      });
    },
    notices() {
      return [...notices].flatMap(([name, say]) => {
        const notice = say();
        return notice === undefined ? [] : [{ name, notice }];
      });
    },
  };
}

/** What `/readyz` says, for alerts, read when the metrics are scraped. Once only. */
export function observeHealth(registry: Registry, health: Health): void {
  const registers = [registry];
  new Gauge({
    name: 'wbor_ready',
    help: 'Whether the service is ready: 1 or 0',
    registers,
    collect() {
      this.set(health.faults().length === 0 ? 1 : 0);
    },
  });
  new Gauge({
    name: 'wbor_fault',
    help: 'Reasons not to be ready, by name: 1 as long as there is one',
    labelNames: ['name'],
    registers,
    collect() {
      this.reset();
      for (const { name } of health.faults()) this.set({ name }, 1);
    },
  });
  new Gauge({
    name: 'wbor_notice',
    help: 'Notices of /readyz, by name: 1 as long as there is one',
    labelNames: ['name'],
    registers,
    collect() {
      this.reset();
      for (const { name } of health.notices()) this.set({ name }, 1);
    },
  });
}

/** A probe that takes longer helps nobody, and is not to hold a socket. */
const HEADERS_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** How often the two above are looked after. */
const CHECKING_INTERVAL_MS = 1_000;
/** More at once are refused. A scrape and a few probes are at work as a rule. */
const MAX_CONNECTIONS = 64;

/**
 * Serves `/livez` (the process answers), `/readyz` (a message would get through now) and `/metrics`, for GET and HEAD.
 * Whatever a request carries beside is not read, and each answer ends its connection.
 *
 * On a port of its own, so that it can stay private and answers while the service's own port is busy. A client that is
 * slow, or holds sockets, is cut off after a few seconds.
 *
 * @throws when the port is taken; see {@link explainListenError}.
 */
export async function startHealthServer(options: {
  host: string;
  port: number;
  health: Health;
  registry: Registry;
}): Promise<{ port: number; close(): Promise<void> }> {
  const { health, host, port, registry } = options;
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
    },
    (request, response) => {
      void answer(request, response, health, registry).catch(() => response.destroy());
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  // Also for one that does not read the answer.
  server.setTimeout(REQUEST_TIMEOUT_MS);
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      // Probes are in nobody's way at shutdown: their sockets may be cut.
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

type BuildAnswer = (health: Health, registry: Registry) => Answer | Promise<Answer>;

const ANSWERS: ReadonlyMap<string, BuildAnswer> = new Map<string, BuildAnswer>([
  ['/livez', () => json(200, { status: 'ok' })],
  ['/readyz', readiness],
  [
    '/metrics',
    async (_health, registry) => ({
      status: 200,
      type: registry.contentType,
      body: await registry.metrics(),
    }),
  ],
]);

function readiness(health: Health): Answer {
  const faults = health.faults();
  const ready = faults.length === 0;
  const status = ready ? 'ready' : 'not ready';
  return json(ready ? 200 : 503, { status, faults, notices: health.notices() });
}

async function answer(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  health: Health,
  registry: Registry,
): Promise<void> {
  const build = ANSWERS.get(url.replace(/\?.*$/s, ''));
  // What is sent beside is left on the socket, which ends with the answer.
  response.setHeader('connection', 'close');
  let built: Answer;
  if (build === undefined) built = json(404, { error: 'not found' });
  else if (method === 'GET' || method === 'HEAD') built = await build(health, registry);
  else {
    response.setHeader('allow', 'GET, HEAD');
    built = json(405, { error: 'method not allowed' });
  }
  response.writeHead(built.status, {
    'content-type': built.type,
    'content-length': Buffer.byteLength(built.body),
  });
  response.end(built.body);
}

function json(status: number, body: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}
