import type { Namespace } from '@wbor/contracts';
import { createLogger, parseConfig } from '@wbor/service';
import { freePort } from '@wbor/testkit';
import { Registry } from 'prom-client';
import { gatewaySettings } from '../src/config.ts';
import { startGateway } from '../src/start.ts';
import { BOT_ID, CALLBACK_SECRET, PASSWORD } from './gateway-under-test.ts';

export interface RunningGateway {
  readonly url: string;
  logText(): string;
  /** Why it would not get a message through now. */
  faults(): string[];
  send(body: object, token?: string): Promise<Response>;
  callback(body: object): Promise<Response>;
  stop(): Promise<void>;
}

/** A gateway in this process, wired by its own `start.ts` to a real broker and a real port. */
export async function runGateway(options: {
  brokerUrl: string;
  namespace: Namespace;
  env?: Record<string, string>;
}): Promise<RunningGateway> {
  const port = await freePort();
  const config = parseConfig(gatewaySettings, {
    RABBITMQ_URL: options.brokerUrl,
    RABBITMQ_EXCHANGE: options.namespace.exchange,
    QUEUE_PREFIX: options.namespace.queuePrefix,
    APP_HOST: '127.0.0.1',
    APP_PORT: String(port),
    APP_PASSWORD: PASSWORD,
    GROUPME_CALLBACK_SECRET: CALLBACK_SECRET,
    GROUPME_BOT_ID: BOT_ID,
    ...options.env,
  });
  let written = '';
  const logger = createLogger({
    name: 'gateway',
    level: 'trace',
    destination: {
      write(text: string) {
        written += text;
      },
    },
  });
  const checks: (() => string | undefined)[] = [];
  const releases: (() => Promise<void> | void)[] = [];
  async function stop(): Promise<void> {
    for (let release = releases.pop(); release; release = releases.pop()) await release();
  }
  const faults = () => checks.flatMap((check) => check() ?? []);
  try {
    await startGateway(config, {
      logger,
      registry: new Registry(),
      health: {
        addCheck: (_name, check) => checks.push(check),
        addNotice() {},
        faults: () => checks.map((check) => ({ name: 'check', reason: check() ?? '' })),
        notices: () => [],
      },
      onStop: (_name, release) => releases.push(release),
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `http://127.0.0.1:${port}`;
  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return {
    url,
    logText: () => written,
    faults,
    send: (body, token) =>
      post('/send', body, token === undefined ? {} : { authorization: `Bearer ${token}` }),
    callback: (body) => post(`/callback/${CALLBACK_SECRET}`, body),
    stop,
  };
}
