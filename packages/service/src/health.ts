import { type FastifyInstance, fastify } from 'fastify';
import type { Registry } from 'prom-client';

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

/**
 * Serves `/livez` (the process answers), `/readyz` (a message would get through now) and `/metrics`.
 *
 * On a port of its own, so that it can stay private and answers while the service's own port is busy.
 *
 * @throws when the port is taken; see {@link explainListenError}.
 */
export async function startHealthServer(options: {
  host: string;
  port: number;
  health: Health;
  registry: Registry;
}): Promise<{ port: number; close(): Promise<void> }> {
  const server = buildHealthServer(options.health, options.registry);
  await server.listen({ host: options.host, port: options.port });
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    close: () => server.close(),
  };
}

function buildHealthServer(health: Health, registry: Registry): FastifyInstance {
  // Probes are in nobody's way at shutdown: their sockets may be cut.
  const server = fastify({ forceCloseConnections: true, requestTimeout: 5_000, bodyLimit: 1_024 });
  server.get('/livez', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const faults = health.faults();
    if (faults.length > 0) reply.code(503);
    return { status: faults.length === 0 ? 'ready' : 'not ready', faults, notices: health.notices() };
  });
  server.get('/metrics', async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
  return server;
}
