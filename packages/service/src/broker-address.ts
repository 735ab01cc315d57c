import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import type { Secret } from './secret.ts';

/** The part of the parsed settings that {@link brokerAddress} reads. */
export interface BrokerConfig {
  readonly RABBITMQ_URL?: Secret | undefined;
  readonly RABBITMQ_URLS?: Secret | undefined;
  readonly RABBITMQ_CA?: string | undefined;
  readonly RABBITMQ_CERT?: string | undefined;
  readonly RABBITMQ_KEY?: Secret | undefined;
  readonly RABBITMQ_HOST?: string | undefined;
  readonly RABBITMQ_PORT: number;
  readonly RABBITMQ_USER: string;
  readonly RABBITMQ_PASS: Secret;
  readonly RABBITMQ_VHOST: string;
}

type NamesBroker = Pick<
  BrokerConfig,
  'RABBITMQ_URL' | 'RABBITMQ_URLS' | 'RABBITMQ_HOST' | 'RABBITMQ_CA' | 'RABBITMQ_CERT' | 'RABBITMQ_KEY'
>;

/**
 * A cross-field rule for a settings object: the broker must be named one way or the other, and what is said of TLS must fit.
 * For `.check()`. Runs although other settings are wrong, so that all faults are said at once.
 */
export const requireBroker = z.superRefine<NamesBroker>(
  (config, context) => {
    for (const [name, message] of findFaults(config)) {
      context.addIssue({ code: 'custom', path: [name], message });
    }
  },
  { when: () => true },
);

type Fault = readonly [name: keyof NamesBroker, message: string];

function findFaults(config: NamesBroker): Fault[] {
  const { RABBITMQ_HOST, RABBITMQ_URL, RABBITMQ_URLS } = config;
  if (RABBITMQ_URL && RABBITMQ_URLS) {
    return [['RABBITMQ_URLS', 'and RABBITMQ_URL are both set; keep one']];
  }
  const name = RABBITMQ_URLS ? 'RABBITMQ_URLS' : 'RABBITMQ_URL';
  const urls = urlsOf(config);
  if (urls.length === 0) {
    return RABBITMQ_HOST
      ? findTlsFaults(config, false)
      : [['RABBITMQ_URL', 'is not set, and RABBITMQ_URLS and RABBITMQ_HOST are not either; set one of them']];
  }
  if (!urls.every((url) => /^amqps?:$/.test(URL.parse(url)?.protocol ?? ''))) {
    const several = RABBITMQ_URLS
      ? ', several of them separated by commas (a comma in a password is %2C)'
      : '';
    return [[name, `must look like amqp://user:password@host:port/vhost${several}`]];
  }
  return findTlsFaults(
    config,
    urls.some((url) => url.startsWith('amqps:')),
  );
}

function findTlsFaults(config: NamesBroker, hasTls: boolean): Fault[] {
  const { RABBITMQ_CA, RABBITMQ_CERT, RABBITMQ_KEY } = config;
  const given = (['RABBITMQ_CA', 'RABBITMQ_CERT', 'RABBITMQ_KEY'] as const).filter((name) => config[name]);
  if (!hasTls)
    return given.map((name) => [name, 'is of use with amqps:// in RABBITMQ_URL or RABBITMQ_URLS only']);
  if (RABBITMQ_CERT && !RABBITMQ_KEY) return [['RABBITMQ_KEY', 'is not set, but RABBITMQ_CERT is']];
  if (RABBITMQ_KEY && !RABBITMQ_CERT) return [['RABBITMQ_CERT', 'is not set, but RABBITMQ_KEY is']];
  const [ca, cert, key] = [RABBITMQ_CA, RABBITMQ_CERT, RABBITMQ_KEY?.reveal()];
  const faults: Fault[] = [];
  if (ca && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    // OpenSSL takes anything, and then trusts nobody.
    faults.push(['RABBITMQ_CA', `holds no certificate in PEM; ${fileHint('RABBITMQ_CA')}`]);
  }
  if (cert && !isUsable({ cert })) {
    faults.push(['RABBITMQ_CERT', `is no certificate in PEM; ${fileHint('RABBITMQ_CERT')}`]);
  } else if (key && !isUsable({ key })) {
    faults.push(['RABBITMQ_KEY', `is no key in PEM, or has a passphrase; ${fileHint('RABBITMQ_KEY')}`]);
  } else if (cert && !isUsable({ cert, key }))
    faults.push(['RABBITMQ_KEY', 'is not the key of RABBITMQ_CERT']);
  return faults;
}

function fileHint(name: string): string {
  return `a file is named by ${name}_FILE`;
}

function isUsable(options: { cert?: string | undefined; key?: string | undefined }): boolean {
  try {
    createSecureContext(options);
    return true;
  } catch {
    return false;
  }
}

function urlsOf({ RABBITMQ_URL, RABBITMQ_URLS }: NamesBroker): string[] {
  if (RABBITMQ_URL) return [RABBITMQ_URL.reveal()];
  const urls = RABBITMQ_URLS?.reveal().split(',') ?? [];
  return urls.map((url) => url.trim()).filter((url) => url !== '');
}

/** Where the broker is, passwords and keys included: for the connection only. */
export function brokerAddress(config: BrokerConfig) {
  const [url = urlOfParts(config), ...otherUrls] = urlsOf(config);
  const tls = {
    ca: config.RABBITMQ_CA,
    cert: config.RABBITMQ_CERT,
    key: config.RABBITMQ_KEY?.reveal(),
  };
  return { url, otherUrls, tls };
}

function urlOfParts(config: BrokerConfig): string {
  const user = encodeURIComponent(config.RABBITMQ_USER);
  const password = encodeURIComponent(config.RABBITMQ_PASS.reveal());
  const vhost = config.RABBITMQ_VHOST === '/' ? '' : `/${encodeURIComponent(config.RABBITMQ_VHOST)}`;
  return `amqp://${user}:${password}@${config.RABBITMQ_HOST}:${config.RABBITMQ_PORT}${vhost}`;
}
