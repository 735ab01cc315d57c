import { randomUUID } from 'node:crypto';
import { queueName, relayStandardQueue } from '@wbor/contracts';
import { createReleases, startSystem } from '@wbor/start-system';
import {
  connectAmqp,
  makeCertificates,
  publishRaw,
  spawnService,
  startCluster,
  waitFor,
} from '@wbor/testkit';
import { expect, it, onTestFinished } from 'vitest';

const MESSAGES = 60;
const KILL_AFTER = 15;
const namespace = { exchange: 'source_exchange', queuePrefix: '' };

/**
 * Not in every `npm test`: it fails now and then, for a reason that is not known yet. A relay whose first call is being announced when
 * the node dies may be refused that for long by RabbitMQ 3.10, and posts nothing meanwhile.
 */
const isAsked = process.env.CLUSTER === 'yes';

it.runIf(isAsked)(
  'the node that leads the intake is killed while messages flow: all arrive once, in order',
  {
    timeout: 180_000,
  },
  async () => {
    const releases = createReleases();
    onTestFinished(() => releases.releaseAll());
    const ours = await makeCertificates('localhost');
    const clients = await makeCertificates('relay');
    const cluster = await startCluster({
      tls: { server: ours.server, clientAuthority: clients.authority.cert },
    });
    releases.add(() => cluster.dispose());
    const urls = cluster.nodes.map(({ tlsUrl = '' }) => tlsUrl);

    const secure = {
      RABBITMQ_URL: '',
      RABBITMQ_URLS: urls.join(','),
      RABBITMQ_CA: ours.authority.cert,
      RABBITMQ_CERT: clients.server.cert,
      RABBITMQ_KEY: clients.server.key,
    };

    const [nobody, misled] = await Promise.all([
      startInVain({ ...secure, RABBITMQ_CERT: '', RABBITMQ_KEY: '' }),
      startInVain({ ...secure, RABBITMQ_CA: clients.authority.cert }),
    ]);
    expect(nobody).toContain('check RABBITMQ_CERT and RABBITMQ_KEY');
    expect(misled).toContain('check RABBITMQ_CA');

    const { simulator } = await startSystem({
      brokerUrl: '',
      databaseUrl: '',
      namespace,
      processes: { relay: 'relay' },
      env: {
        relay: {
          ...secure,
          GROUPME_RATE_PER_SECOND: '15',
          GROUPME_MAX_RATE_PER_SECOND: '15',
        },
      },
      releases,
    });
    const leader = await cluster.leaderOf(queueName(relayStandardQueue, namespace));
    const survivor = cluster.nodes.find(({ name }) => name !== leader.name) ?? leader;
    const producer = await connectAmqp(survivor.url);
    releases.add(() => producer.close().catch(() => undefined));
    const channel = await producer.createConfirmChannel();
    const posts = () => simulator.messages().map(({ text }) => Number(/message (\d+)/.exec(text ?? '')?.[1]));

    for (let number = 1; number <= MESSAGES; number += 1) {
      if (number === KILL_AFTER) await leader.kill();
      const body = JSON.stringify({
        body: `message ${number}`,
        source: 'ups',
        wbor_message_id: randomUUID(),
      });
      const messageId = randomUUID();
      await publishRaw(channel, namespace.exchange, 'source.standard.ups', Buffer.from(body), { messageId });
    }
    await waitFor(() => posts().length >= MESSAGES, { what: 'every message in the chat', timeoutMs: 60_000 });
    expect(posts()).toEqual(Array.from({ length: MESSAGES }, (_, index) => index + 1));
  },
);

/** What a relay says that cannot start. */
async function startInVain(env: Record<string, string>): Promise<string> {
  const service = await spawnService({ app: 'relay', env: { ...env, GROUPME_BOT_ID: 'some-bot' } });
  const timeout = setTimeout(() => void service.kill(), 20_000);
  const { exitCode } = await service.exited;
  clearTimeout(timeout);
  expect(exitCode, service.output()).toBe(1);
  return service.output();
}
