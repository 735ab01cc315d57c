import { join } from 'node:path';
import { type Simulator, startSimulator } from '@wbor/groupme-simulator';
import { freePort, type ServiceProcess, spawnService, startBroker, startPostgres } from '@wbor/testkit';
import { type SmsService, startSmsService } from './sms-service.ts';
import type { Steps } from './steps.ts';

/** The whole system on this machine, with a GroupMe of its own. */
export interface Stack {
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  readonly gatewayUrl: string;
  readonly simulator: Simulator;
  readonly smsService: SmsService;
  readonly services: readonly ServiceProcess[];
}

/** Good for trying out on a machine of one's own, and for nothing else. */
export const DEMO_PASSWORD = 'demo-password';
const DEMO_CALLBACK_SECRET = 'demo-callback-secret';

/** Tried first, so that addresses stay the same from run to run. */
const PREFERRED_CHAT_PORT = 2100;
const PREFERRED_GATEWAY_PORT = 2000;

/**
 * Starts everything. What was started is handed to `onStop` at once, so that a start that fails half-way can be
 * undone too.
 */
export async function startStack(options: {
  dataDir: string;
  steps: Steps;
  onStop: (release: () => Promise<unknown>) => void;
}): Promise<Stack> {
  const { onStop, steps } = options;
  const onProgress = (step: string): void => steps.note(`\n    ${step}`);

  const broker = await steps.run(
    'RabbitMQ',
    () => startBroker({ dataDir: join(options.dataDir, 'rabbitmq'), onProgress }),
    ({ how }) => how,
  );
  onStop(() => broker.dispose());
  const postgres = await steps.run(
    'Postgres',
    () => startPostgres({ dataDir: join(options.dataDir, 'postgres'), onProgress }),
    ({ how }) => how,
  );
  onStop(() => postgres.dispose());

  const gatewayPort = await freePort(PREFERRED_GATEWAY_PORT);
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  const simulator = await steps.run(
    'GroupMe simulator',
    async () =>
      startSimulator({
        port: await freePort(PREFERRED_CHAT_PORT),
        callbackUrl: `${gatewayUrl}/callback/${DEMO_CALLBACK_SECRET}`,
      }),
    ({ url }) => url,
  );
  onStop(() => simulator.stop());
  const smsService = await startSmsService();
  onStop(() => smsService.stop());

  const common = { RABBITMQ_URL: broker.url, HEALTH_HOST: '127.0.0.1' };
  const environments = {
    'audit-logger': { ...common, DATABASE_URL: postgres.url },
    relay: {
      ...common,
      GROUPME_BOT_ID: simulator.botId,
      GROUPME_ACCESS_TOKEN: simulator.accessToken,
      GROUPME_GROUP_ID: simulator.groupId,
      GROUPME_API_URL: simulator.apiUrl,
      GROUPME_IMAGE_URL: simulator.imageUrl,
      ACK_URL: smsService.ackUrl,
      IMAGE_ALLOW_HOSTS: '127.0.0.1',
    },
    gateway: {
      ...common,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(gatewayPort),
      APP_PASSWORD: DEMO_PASSWORD,
      GROUPME_CALLBACK_SECRET: DEMO_CALLBACK_SECRET,
      GROUPME_BOT_ID: simulator.botId,
    },
    moderator: { ...common, DATABASE_URL: postgres.url, GROUPME_GROUP_ID: simulator.groupId },
  };
  const services: ServiceProcess[] = [];
  for (const [app, env] of Object.entries(environments)) {
    const service = await steps.run(app, async () => {
      const spawned = await spawnService({ app, env });
      onStop(() => spawned.stop());
      await spawned.waitUntilReady();
      return spawned;
    });
    services.push(service);
  }
  return { brokerUrl: broker.url, databaseUrl: postgres.url, gatewayUrl, simulator, smsService, services };
}
