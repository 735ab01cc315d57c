import { type PlannedMessage, queueName, relayOutboxQueue } from '@wbor/contracts';
import { type Simulator, startSimulator } from '@wbor/groupme-simulator';
import {
  connectAmqp,
  createNamespace,
  deleteNamespace,
  publishRaw,
  type ServiceProcess,
  spawnService,
  spyOnExchange,
} from '@wbor/testkit';
import { ACCESS_TOKEN, BOT_ID } from './golden-cases.ts';

/** What a test needs around a relay: a GroupMe, a producer, and ears on the exchange. */
export interface RelayUnderTest {
  readonly simulator: Simulator;
  readonly namespace: { exchange: string; queuePrefix: string };
  /** Everything that the relay says on the exchange. */
  readonly events: Awaited<ReturnType<typeof spyOnExchange>>;
  /** Settings for more relays beside the first. */
  readonly env: Readonly<Record<string, string>>;
  start(overrides?: Record<string, string>): Promise<ServiceProcess>;
  publish(key: string, body: unknown, options?: Parameters<typeof publishRaw>[4]): Promise<void>;
  /** Puts a planned message into the outbox, as intake does. */
  publishPlanned(planned: PlannedMessage, headers?: object): Promise<void>;
  /** Opens a queue for replies and collects what comes. */
  listenForReplies(
    name?: string,
  ): Promise<{ queue: string; replies: { correlationId: unknown; body: unknown }[] }>;
  /** Parts as the chat shows them, the bot's only. */
  posts(): string[];
  onStop(release: () => Promise<unknown>): void;
  stop(): Promise<void>;
}

/** Sets everything up but the relay itself. */
export async function setUpRelay(
  brokerUrl: string,
  overrides: Record<string, string> = {},
): Promise<RelayUnderTest> {
  const namespace = createNamespace();
  const releases: (() => Promise<unknown>)[] = [];
  releases.push(() => deleteNamespace(brokerUrl, namespace));
  const simulator = await startSimulator({
    bots: [{ botId: BOT_ID }],
    token: ACCESS_TOKEN,
    previewDelayMs: 0,
  });
  releases.push(() => simulator.stop());
  const connection = await connectAmqp(brokerUrl);
  releases.push(() => connection.close());
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange(namespace.exchange, 'topic', { durable: true });
  const events = await spyOnExchange(brokerUrl, namespace.exchange, 'source.groupme.#');
  releases.push(() => events.close());

  const env = {
    RABBITMQ_URL: brokerUrl,
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    GROUPME_BOT_ID: BOT_ID,
    GROUPME_ACCESS_TOKEN: ACCESS_TOKEN,
    GROUPME_API_URL: simulator.apiUrl,
    GROUPME_IMAGE_URL: simulator.imageUrl,
    GROUPME_RATE_PER_SECOND: '0',
    HEALTH_HOST: '127.0.0.1',
    IMAGE_ALLOW_HOSTS: '127.0.0.1',
    // Tests count posts; those of the notices switch them on.
    PARKED_NOTICE: 'false',
    ...overrides,
  };

  return {
    simulator,
    namespace,
    events,
    env,
    async start(more = {}) {
      const relay = await spawnService({ app: 'relay', env: { ...env, ...more } });
      releases.push(() => relay.kill());
      await relay.waitUntilReady();
      return relay;
    },
    async publish(key, body, options = {}) {
      const content = Buffer.isBuffer(body)
        ? body
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      await publishRaw(channel, namespace.exchange, key, content, { persistent: true, ...options });
    },
    async publishPlanned(planned, headers = {}) {
      const outbox = queueName(relayOutboxQueue, namespace);
      await publishRaw(channel, '', outbox, Buffer.from(JSON.stringify(planned)), { headers });
    },
    async listenForReplies(name = '') {
      const replyChannel = await connection.createChannel();
      const { queue } = await replyChannel.assertQueue(name, { exclusive: true });
      const replies: { correlationId: unknown; body: unknown }[] = [];
      await replyChannel.consume(
        queue,
        (message) => {
          if (message === null) return;
          replies.push({
            correlationId: message.properties.correlationId,
            body: JSON.parse(message.content.toString()),
          });
        },
        { noAck: true },
      );
      return { queue, replies };
    },
    posts: () =>
      simulator
        .messages()
        .filter((message) => message.sender_type === 'bot')
        .map((message) => message.text ?? ''),
    onStop: (release) => releases.push(release),
    async stop() {
      for (const release of releases.reverse()) await release();
    },
  };
}
