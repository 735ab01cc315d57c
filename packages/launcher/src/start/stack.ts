import { join } from 'node:path';
import type { Simulator } from '@wbor/groupme-simulator';
import { demoGatewaySettings, openFixtureSender } from '@wbor/source-fixtures';
import { type App, type Releases, startServers, startSystem } from '@wbor/start-system';
import { freePort, type ServiceProcess } from '@wbor/testkit';
import { writeAddresses } from './addresses.ts';
import { type SmsService, startSmsService } from './sms-service.ts';
import type { Steps } from './steps.ts';

/** The whole system on this machine, with a GroupMe and an SMS service of its own. */
export interface Stack {
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  readonly gatewayUrl: string;
  readonly consoleUrl: string;
  readonly simulator: Simulator;
  readonly smsService: SmsService;
  readonly services: readonly ServiceProcess[];
}

/** Tried first, so that addresses stay the same from run to run. What really listens is printed. */
const PREFERRED_CHAT_PORT = 2100;
const PREFERRED_GATEWAY_PORT = 2000;
const PREFERRED_CONSOLE_PORT = 2010;

/** Where the station's other programs publish, as most of them are set up. */
export const NOTIFICATIONS_EXCHANGE = 'notifications';

const APPS: readonly App[] = ['audit-logger', 'relay', 'gateway', 'moderator', 'console'];

/** Starts everything, with data that stays. What was started is in `releases` at once: a start can be cut short. */
export async function startStack(options: {
  readonly dataDir: string;
  /** Each service gets a file there. */
  readonly logDir: string;
  readonly steps: Steps;
  readonly releases: Releases;
}): Promise<Stack> {
  const { dataDir, logDir, releases, steps } = options;
  const onProgress = (step: string): void => steps.note(`\n    ${step}`);
  const { broker, postgres } = await startServers({
    broker: { dataDir: join(dataDir, 'rabbitmq'), onProgress },
    postgres: { dataDir: join(dataDir, 'postgres'), onProgress },
    releases,
    runStep: steps.run,
  });
  const smsService = await startSmsService();
  releases.add(() => smsService.stop());
  const { pictureUrl } = smsService;
  // This declares the exchange, before the relay looks for it.
  await (
    await openFixtureSender({ brokerUrl: broker.url, notifications: NOTIFICATIONS_EXCHANGE, pictureUrl })
  ).close();
  const system = await startSystem({
    brokerUrl: broker.url,
    databaseUrl: postgres.url,
    processes: Object.fromEntries(APPS.map((app) => [app, app])),
    env: {
      relay: { ACK_URL: smsService.ackUrl, NOTIFICATIONS_EXCHANGE, PROGRESS_EVENTS: 'true' },
      gateway: demoGatewaySettings(dataDir),
    },
    ports: {
      gateway: await freePort(PREFERRED_GATEWAY_PORT),
      groupme: await freePort(PREFERRED_CHAT_PORT),
      console: await freePort(PREFERRED_CONSOLE_PORT),
    },
    logDir,
    releases,
    runStep: steps.run,
  });
  const { gatewayUrl } = system;
  releases.add(writeAddresses(dataDir, { brokerUrl: broker.url, gatewayUrl, pictureUrl }));
  return {
    brokerUrl: broker.url,
    databaseUrl: postgres.url,
    gatewayUrl,
    consoleUrl: system.consoleUrl,
    simulator: system.simulator,
    smsService,
    services: APPS.map((app) => system.service(app)),
  };
}
