import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Simulator, startSimulator } from '@wbor/groupme-simulator';
import {
  createNamespace,
  deleteNamespace,
  type ExchangeSpy,
  freePort,
  type ServiceProcess,
  spawnService,
  spyOnExchange,
  startTcpProxy,
  type TcpProxy,
} from '@wbor/testkit';
import { createProducer, type Producer, type ProducerOptions } from '../src/index.ts';

const PASSWORD = 'correct-horse-battery-staple';
export const SOURCE = 'ups';

/** A relay, a gateway and a GroupMe, and a piece of network on each way that a producer takes. */
export interface Bed {
  readonly simulator: Simulator;
  readonly exchange: string;
  /** All that the relay tells the audit. */
  readonly audit: ExchangeSpy;
  /** From everything of ours to the broker; GroupMe's is beside it. */
  readonly toBroker: TcpProxy;
  /** From the producer alone to the broker or the gateway. */
  readonly toRelay: TcpProxy;
  readonly toGroupMe: TcpProxy;
  readonly folder: string;
  readonly spoolFile: string;
  startRelay(): Promise<ServiceProcess>;
  startGateway(): Promise<ServiceProcess>;
  /** Without `over` by AMQP. */
  producer(options?: Partial<ProducerOptions> & { readonly over?: 'amqp' | 'http' }): Producer;
  /** The settings of a producer in a process of its own. */
  readonly environment: Readonly<Record<string, string>>;
  /** The same over HTTP. */
  readonly httpEnvironment: Readonly<Record<string, string>>;
  /** What the chat shows. */
  posts(): string[];
  /** Calls of bots/post that GroupMe has seen. */
  calls(): number;
  /** One entry for each row that the audit makes: repeated events have one id. */
  auditRows(): Record<string, unknown>[];
  onEnd(release: () => Promise<unknown>): void;
  end(): Promise<void>;
}

export async function makeBed(brokerUrl: string): Promise<Bed> {
  const releases: (() => Promise<unknown>)[] = [];
  const namespace = createNamespace();
  releases.push(() => deleteNamespace(brokerUrl, namespace));
  const simulator = await startSimulator({ previewDelayMs: 0 });
  releases.push(() => simulator.stop());
  const audit = await spyOnExchange(brokerUrl, namespace.exchange, 'source.groupme.msg');
  releases.push(() => audit.close());
  const proxy = async (target: string) => {
    const made = await startTcpProxy({ target });
    releases.push(() => made.dispose());
    return made;
  };
  const toBroker = await proxy(brokerUrl);
  const toRelay = await proxy(toBroker.url(brokerUrl));
  const toGroupMe = await proxy(simulator.url);
  const gatewayPort = await freePort();
  const toGateway = await proxy(`http://127.0.0.1:${gatewayPort}`);
  const folder = await mkdtemp(join(tmpdir(), 'wbor-producer-'));
  releases.push(() => rm(folder, { recursive: true, force: true }));
  const spoolFile = join(folder, 'spool');
  const apiUrl = toGroupMe.url(simulator.apiUrl);
  const common = {
    RABBITMQ_URL: toBroker.url(brokerUrl),
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    HEALTH_HOST: '127.0.0.1',
  };
  const env = {
    relay: {
      ...common,
      GROUPME_BOT_ID: simulator.botId,
      GROUPME_ACCESS_TOKEN: simulator.accessToken,
      GROUPME_GROUP_ID: simulator.groupId,
      GROUPME_API_URL: apiUrl,
      GROUPME_IMAGE_URL: simulator.imageUrl,
      GROUPME_RATE_PER_SECOND: '0',
      PARKED_NOTICE: 'false',
    },
    gateway: {
      ...common,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(gatewayPort),
      APP_PASSWORD: PASSWORD,
      RATE_LIMIT_SEND: '0',
    },
  };

  async function start(app: 'relay' | 'gateway'): Promise<ServiceProcess> {
    const service = await spawnService({ app, env: env[app] });
    releases.push(() => service.kill());
    await service.waitUntilReady();
    return service;
  }

  const wait = {
    cut: async () => void (await Promise.all([toRelay.cut(), toGateway.cut()])),
    heal: async () => void (await Promise.all([toRelay.heal(), toGateway.heal()])),
    stall: () => {
      toRelay.stall();
      toGateway.stall();
    },
  };
  const fallback = { botId: simulator.botId, apiUrl };
  const environment = {
    RABBITMQ_URL: toRelay.url(brokerUrl),
    RABBITMQ_EXCHANGE: namespace.exchange,
    WBOR_SOURCE: SOURCE,
    GROUPME_BOT_ID: simulator.botId,
    GROUPME_API_URL: apiUrl,
    WBOR_SPOOL_FILE: spoolFile,
  };
  const { RABBITMQ_URL: _, ...withoutBroker } = environment;

  return {
    simulator,
    exchange: namespace.exchange,
    audit,
    toBroker,
    toRelay: { ...toRelay, ...wait },
    toGroupMe,
    folder,
    spoolFile,
    environment,
    httpEnvironment: {
      ...withoutBroker,
      GATEWAY_URL: `http://127.0.0.1:${toGateway.port}`,
      GATEWAY_TOKEN: PASSWORD,
    },
    startRelay: () => start('relay'),
    startGateway: () => start('gateway'),
    producer({ over = 'amqp', ...options } = {}) {
      const way =
        over === 'amqp'
          ? { rabbitmqUrl: environment.RABBITMQ_URL, exchange: namespace.exchange }
          : { gatewayUrl: `http://127.0.0.1:${toGateway.port}`, token: PASSWORD };
      const made = createProducer({ ...way, source: SOURCE, fallback, spoolFile, ...options });
      releases.push(() => made.close());
      return made;
    },
    posts: () =>
      simulator
        .messages()
        .filter(({ sender_type }) => sender_type === 'bot')
        .map(({ text }) => text ?? ''),
    calls: () => simulator.requests().filter(({ path }) => path.includes('bots/post')).length,
    auditRows() {
      const rows = new Map(
        audit.messages.map(({ json, properties }) => [properties.messageId, json as Record<string, unknown>]),
      );
      return [...rows.values()];
    },
    onEnd: (release) => releases.push(release),
    async end() {
      await Promise.all([toBroker, { heal: wait.heal }, toGroupMe].map((it) => it.heal()));
      for (const release of releases.reverse()) await release();
    },
  };
}

/** The package's folder. */
export const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/** Node 20, when the machine has it beside the Node that runs the tests. */
export const installedNode = process.env.npm_node_execpath ?? '/usr/bin/node';

/** Runs a program to its end, and says how it ended. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const { input, ...rest } = options;
  const running = promisify(execFile)(program, [...args], { ...rest, timeout: 120_000 });
  running.child.stdin?.end(input ?? '');
  try {
    return { code: 0, ...(await running) };
  } catch (error) {
    const { code, stderr, stdout } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
  }
}

/** Builds what is published, into a folder. */
export async function buildInto(outdir: string): Promise<void> {
  const { code, stderr } = await run(process.execPath, ['build.ts', '--outdir', outdir], {
    cwd: packageFolder,
  });
  if (code !== 0) throw new Error(stderr);
}
