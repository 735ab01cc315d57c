import { z } from 'zod';
import { Secret } from './secret.ts';
import { flag, number, port, secret } from './settings.ts';

/** What the services send each other must fit: the text of a long message, cut into its parts. */
const MIN_MESSAGE_BYTES = 262_144;

function isPingable(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

/** Settings of every service. `HEALTH_PORT` has a default per app. */
export function commonSettings(defaults: { healthPort: number }) {
  return {
    LOG_LEVEL: z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])
      .default('info')
      .describe('Minimum log level.'),
    HEALTH_PORT: port().default(defaults.healthPort).describe('Port of /livez, /readyz and /metrics.'),
    HEALTH_HOST: z
      .string()
      .default('127.0.0.1')
      .describe('Address that the health port listens on. Our images set 0.0.0.0.'),
    HEARTBEAT_URL: secret()
      .refine(
        (url) => isPingable(url.reveal()),
        'must look like https://host/path, without user and password',
      )
      .optional()
      .describe(
        'Called (GET) each minute while the service is ready, for a monitor that misses it. Empty: none is.',
      ),
    // Read by OpenTelemetry itself, out of the environment, like all OTEL_* variables.
    OTEL_EXPORTER_OTLP_ENDPOINT: z
      .string()
      .optional()
      .describe(
        'Where OpenTelemetry traces go, for example http://collector:4318. Empty: nowhere. The other OTEL_* variables count, too.',
      ),
  };
}

/** Settings of every service that talks to RabbitMQ: one URL, or its parts. */
export function brokerSettings() {
  return {
    RABBITMQ_URL: secret()
      .optional()
      .describe('amqp://user:password@host:port/vhost. Or set the parts below instead.'),
    RABBITMQ_URLS: secret()
      .optional()
      .describe(
        'Instead of RABBITMQ_URL, for a cluster: such addresses of several nodes, separated by commas.',
      ),
    RABBITMQ_CA: z
      .string()
      .optional()
      .describe(
        'For amqps://: certificates (PEM) of who may have signed the broker’s. Default: the usual ones.',
      ),
    RABBITMQ_CERT: z
      .string()
      .optional()
      .describe('For amqps://: our own certificate (PEM), where the broker asks for one.'),
    RABBITMQ_KEY: secret().optional().describe('The key of RABBITMQ_CERT (PEM, without a passphrase).'),
    RABBITMQ_HOST: z.string().optional().describe('Host of the broker, when there is no RABBITMQ_URL.'),
    RABBITMQ_PORT: port().default(5672).describe('Port of the broker.'),
    RABBITMQ_USER: z.string().default('guest').describe('User at the broker.'),
    RABBITMQ_PASS: secret().default(new Secret('guest')).describe('Password at the broker.'),
    RABBITMQ_VHOST: z.string().default('/').describe('Virtual host.'),
    RABBITMQ_EXCHANGE: z
      .string()
      .default('source_exchange')
      .describe('Topic exchange that all services share.'),
    QUEUE_PREFIX: z
      .string()
      .regex(/^[\w.-]*$/, 'may hold letters, digits and . _ - only')
      .default('')
      .describe('Put before every queue name, for tests and shared brokers.'),
    RABBITMQ_DECLARE: flag()
      .default(true)
      .describe(
        'Declare exchange, queues and bindings. false: they are there, as `npm run rights` writes them, and the user may not.',
      ),
  };
}

/** Settings of every service that takes messages from queues. */
export function consumerSettings() {
  return {
    MAX_MESSAGE_BYTES: number()
      .pipe(z.number().int('must be a whole number').min(MIN_MESSAGE_BYTES))
      .default(1_000_000)
      .describe('The largest message that is taken; of a larger one its beginning and a digest are parked.'),
  };
}

/** Where the console is, for services whose words in the chat end with a link to it. */
export function consoleUrlSetting() {
  return z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('Address of the console as people open it; what is said in the chat then ends with a link.');
}

/** Settings of every service that talks to Postgres. */
export function databaseSettings() {
  return {
    DATABASE_URL: secret()
      .refine(
        (url) => /^postgres(?:ql)?:$/.test(URL.parse(url.reveal())?.protocol ?? ''),
        'must look like postgres://user:password@host:port/database',
      )
      .describe(
        'postgres://user:password@host:port/database, one database for all services; ?sslmode=verify-full&sslrootcert=FILE for TLS. No pooler before it.',
      ),
  };
}

/** Where a service's exchange and queues are, as `deriveTopology` and `queueName` of the contracts take it. */
export function brokerNamespace(config: {
  readonly RABBITMQ_EXCHANGE: string;
  readonly QUEUE_PREFIX: string;
  readonly RABBITMQ_DECLARE: boolean;
}) {
  return {
    exchange: config.RABBITMQ_EXCHANGE,
    queuePrefix: config.QUEUE_PREFIX,
    isDeclared: !config.RABBITMQ_DECLARE,
  };
}
