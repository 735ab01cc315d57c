import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Namespace, twilioSmsMessage } from '@wbor/contracts';
import { createNamespace, deleteNamespace, spyOnExchange, startTcpProxy, type TcpProxy } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const brokerUrl = inject('brokerUrl');
const AUTH_TOKEN = 'auth-token-of-the-account';
const PUBLIC_URL = 'https://wbor.test';

let namespace: Namespace;
let folder: string;
let proxy: TcpProxy;
let gateway: RunningGateway;

beforeEach(async () => {
  namespace = createNamespace();
  folder = mkdtempSync(join(tmpdir(), 'twilio-'));
  proxy = await startTcpProxy({ target: brokerUrl });
  const SPOOL_FILE = join(folder, 'spool.sqlite');
  const env = { TWILIO_AUTH_TOKEN: AUTH_TOKEN, PUBLIC_URL, SPOOL_FILE };
  gateway = await runGateway({ brokerUrl: proxy.url(brokerUrl), namespace, env });
});

afterEach(async () => {
  await gateway.stop();
  await proxy.dispose();
  await deleteNamespace(brokerUrl, namespace);
  rmSync(folder, { recursive: true });
});

/** An SMS with a picture that cannot be fetched, as Twilio tells of it. */
async function call(): Promise<[status: number, body: string]> {
  const fields = {
    Body: 'Hello DJ',
    From: '+12075550123',
    MediaUrl0: 'https://media.invalid/1',
    NumMedia: '1',
  };
  const signed = Object.entries(fields).flat().join('');
  const response = await fetch(`${gateway.url}/hooks/twilio/sms`, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers: {
      'x-twilio-signature': createHmac('sha1', AUTH_TOKEN)
        .update(`${PUBLIC_URL}/hooks/twilio/sms${signed}`)
        .digest('base64'),
    },
  });
  return [response.status, await response.text()];
}

it('an SMS has its TwiML while the broker’s confirm is held back, and is published once that is over', async () => {
  const spy = await spyOnExchange(brokerUrl, namespace.exchange, twilioSmsMessage.key);
  proxy.stall();
  expect(await call()).toEqual([200, '<Response/>']);
  await proxy.heal();
  const [message] = await spy.waitForCount(1);
  expect(message?.json).toMatchObject({ Body: 'Hello DJ', MediaUrl0: 'https://media.invalid/1' });
  await spy.close();
});
