import type { Namespace } from '@wbor/contracts';
import { parseConfig } from '@wbor/service';
import { createTestServiceContext } from '@wbor/service/testing';
import { freePort } from '@wbor/testkit';
import { gatewaySettings } from '../src/config.ts';
import { startGateway } from '../src/start.ts';
import { BOT_ID, CALLBACK_SECRET, PASSWORD } from './gateway-under-test.ts';

export interface RunningGateway {
  readonly url: string;
  logText(): string;
  /** Why it would not get a message through now. */
  faults(): string[];
  /** What else `/readyz` says. */
  notices(): string[];
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
  const { context, faults, lines, notices, stop } = createTestServiceContext();
  try {
    await startGateway(config, context);
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
    logText: () => JSON.stringify(lines),
    faults,
    notices,
    send: (body, token) =>
      post('/send', body, token === undefined ? {} : { authorization: `Bearer ${token}` }),
    callback: (body) => post(`/callback/${CALLBACK_SECRET}`, body),
    stop,
  };
}
