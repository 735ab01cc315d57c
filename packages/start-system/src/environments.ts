import type { Namespace } from '@wbor/contracts';
import type { Simulator } from '@wbor/groupme-simulator';

export type App = 'audit-logger' | 'relay' | 'gateway' | 'moderator' | 'console';
export type Environment = Readonly<Record<string, string>>;

/** The password of `/send`. Good for trying out on a machine of one's own, and for nothing else. */
export const PASSWORD = 'demo-password';
/** The one that the console asks for; good for the same. */
export const CONSOLE_PASSWORD = 'demo-console-password';
/**
 * The flags of Node with which the images start a service, as `NODE_OPTIONS`; docker/Dockerfile says why.
 */
export function deployedNodeOptions(app: App): string {
  return `--max-semi-space-size=4 --max-old-space-size=${app === 'audit-logger' ? 1_024 : 256}`;
}
const CALLBACK_SECRET = 'demo-callback-secret';

/** Where GroupMe calls back. */
export function callbackUrl(gatewayUrl: string): string {
  return `${gatewayUrl}/callback/${CALLBACK_SECRET}`;
}

/** Where the pages of the console are. */
export function consoleUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** What stands in for GroupMe. */
type GroupMe = Pick<Simulator, 'botId' | 'accessToken' | 'groupId' | 'apiUrl' | 'imageUrl'>;

/** What each app has to be told to work with the others. Everything else keeps the app's own default. */
export function buildEnvironments(around: {
  readonly brokerUrl: string;
  readonly databaseUrl: string;
  readonly namespace: Namespace;
  readonly gatewayPort: number;
  /** Where a console will run; what the others say in the chat links to it then. */
  readonly consolePort?: number | undefined;
  /** Health ports by the name of the process, which the console looks at. */
  readonly healthPorts?: ReadonlyMap<string, string>;
  readonly simulator: GroupMe;
}): Readonly<Record<App, Environment>> {
  const { consolePort, databaseUrl, namespace, simulator } = around;
  const common = {
    RABBITMQ_URL: around.brokerUrl,
    RABBITMQ_EXCHANGE: namespace.exchange,
    QUEUE_PREFIX: namespace.queuePrefix,
    HEALTH_HOST: '127.0.0.1',
  };
  const links: Environment = consolePort === undefined ? {} : { CONSOLE_URL: consoleUrl(consolePort) };
  return {
    'audit-logger': { ...common, DATABASE_URL: databaseUrl },
    relay: {
      ...common,
      ...links,
      GROUPME_BOT_ID: simulator.botId,
      GROUPME_ACCESS_TOKEN: simulator.accessToken,
      GROUPME_GROUP_ID: simulator.groupId,
      GROUPME_API_URL: simulator.apiUrl,
      GROUPME_IMAGE_URL: simulator.imageUrl,
      IMAGE_ALLOW_HOSTS: '127.0.0.1',
    },
    gateway: {
      ...common,
      APP_HOST: '127.0.0.1',
      APP_PORT: String(around.gatewayPort),
      APP_PASSWORD: PASSWORD,
      GROUPME_CALLBACK_SECRET: CALLBACK_SECRET,
      GROUPME_BOT_ID: simulator.botId,
    },
    moderator: { ...common, ...links, DATABASE_URL: databaseUrl, GROUPME_GROUP_ID: simulator.groupId },
    console: {
      ...common,
      DATABASE_URL: databaseUrl,
      CONSOLE_HOST: '127.0.0.1',
      ...(consolePort === undefined ? {} : { CONSOLE_PORT: String(consolePort) }),
      CONSOLE_PASSWORD,
      SERVICES: Array.from(
        around.healthPorts ?? [],
        ([name, healthPort]) => `${name}=http://127.0.0.1:${healthPort}`,
      ).join(','),
      // A benchmark without pictures has no address for them.
      PICTURE_ORIGINS: ['https://i.groupme.com', URL.parse(simulator.imageUrl)?.origin ?? []]
        .flat()
        .join(','),
    },
  };
}
