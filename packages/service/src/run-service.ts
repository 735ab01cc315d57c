import { errorMessage } from '@wbor/async';
import { currentTraceId } from '@wbor/tracing';
import { asksForTraces, startTracing } from '@wbor/tracing/start';
import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { z } from 'zod';
import { createHealth, type Health, observeHealth, startHealthServer } from './health.ts';
import { startHeartbeat } from './heartbeat.ts';
import { formatHelp } from './help.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { explainListenError } from './listen-error.ts';
import { createLogger } from './logger.ts';
import type { Secret } from './secret.ts';
import { ConfigError, parseConfig } from './settings.ts';

/** What a service is given to live in. */
export interface ServiceContext {
  readonly logger: Logger;
  /** For the service's own metrics; Node's default ones are in it. */
  readonly registry: Registry;
  readonly health: Health;
  /** Registers a release. Run last in, first out, at the end or when the start fails half-way. */
  readonly onStop: Lifecycle['onStop'];
}

interface CommonConfig {
  LOG_LEVEL: string;
  HEALTH_HOST: string;
  HEALTH_PORT: number;
  HEARTBEAT_URL?: Secret | undefined;
}

export interface ServiceDefinition<Schema extends z.ZodType<CommonConfig>> {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  readonly settings: Schema;
  /** Acquires everything and returns once the service works. */
  readonly start: (config: z.infer<Schema>, context: ServiceContext) => Promise<void>;
}

/** The parts of `process` that a service needs; main.ts hands them over. */
export interface Host {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  exit(code: number): never;
}

type Phase = 'starting' | 'running' | 'stopping';

/** Longer than a drain takes, shorter than an orchestrator's patience. */
const STOP_TIMEOUT_MS = 9_000;

/**
 * Runs a service from its environment until a signal. The first SIGTERM or SIGINT drains and exits 0, a
 * second one exits at once. What cannot start exits 1 with one line that says what to do.
 */
export async function runService<Schema extends z.ZodType<CommonConfig>>(
  definition: ServiceDefinition<Schema>,
  host: Host,
): Promise<void> {
  const unknown = host.argv.slice(2).filter((argument) => argument !== '--help' && argument !== '-h');
  if (unknown.length > 0) {
    host.stderr.write(`${definition.name}: unknown argument ${unknown[0]}; --help lists the settings\n`);
    host.exit(2);
  }
  if (host.argv.length > 2) {
    host.stdout.write(formatHelp(definition));
    host.exit(0);
  }

  let config: z.infer<Schema>;
  try {
    config = parseConfig(definition.settings, host.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    host.stderr.write(`${definition.name}: ${error.message}. --help lists all settings\n`);
    host.exit(1);
  }

  const logger = createLogger({
    name: definition.name,
    level: config.LOG_LEVEL,
    pretty: host.stdout.isTTY === true,
    traceId: asksForTraces(host.env) ? currentTraceId : undefined,
  });
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const health = createHealth();
  observeHealth(registry, health);
  const lifecycle = createLifecycle(logger);
  let phase = 'starting' as Phase;
  health.addCheck('lifecycle', () => (phase === 'running' ? undefined : `the service is ${phase}`));

  closeWithGrace({ delay: STOP_TIMEOUT_MS, logger: false }, async ({ signal, err }) => {
    phase = 'stopping';
    if (err) logger.fatal({ err }, 'stopping after an error that nobody caught');
    else logger.info({ signal }, 'stopping');
    await lifecycle.stop();
    logger.info({}, 'stopped');
  });

  try {
    const server = await startHealthServer({
      host: config.HEALTH_HOST,
      port: config.HEALTH_PORT,
      health,
      registry,
    }).catch((error: unknown) => {
      throw explainListenError(error, config.HEALTH_PORT, 'HEALTH_PORT');
    });
    lifecycle.onStop('health server', () => server.close());
    const tracing = await startTracing(definition.name, host.env, (error) => {
      logger.warn({ error }, 'traces do not reach their collector; they are dropped');
    });
    lifecycle.onStop('traces', () => tracing?.stop());
    await definition.start(config, { logger, registry, health, onStop: lifecycle.onStop });
    // A signal during the start: everything is released by now.
    if (phase === 'stopping') return;
    phase = 'running';
    logger.info({ health_port: server.port }, 'ready');
    if (config.HEARTBEAT_URL !== undefined) {
      const heartbeat = startHeartbeat({ url: config.HEARTBEAT_URL, health, logger });
      lifecycle.onStop('heartbeat', () => heartbeat.stop());
    }
  } catch (error) {
    // A signal during the start makes it fail half-way: the handler above is at work already.
    if (phase === 'stopping') return;
    logger.fatal({ error: errorMessage(error) }, 'cannot start');
    logger.debug({ err: error }, 'cannot start: details');
    await lifecycle.stop();
    host.exit(1);
  }
}
