import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  azuracastMessage,
  endecMessage,
  type Namespace,
  queueName,
  relayStandardQueue,
  relayTwilioQueue,
} from '@wbor/contracts';
import { connectAmqp, createNamespace, deleteNamespace, repoRoot, spyOnExchange } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { changeTokenFile, createToken } from '../src/tokens/token-file.ts';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const brokerUrl = inject('brokerUrl');
const AUTH_TOKEN = 'auth-token-of-the-account';
const PUBLIC_URL = 'https://wbor.test/behind/a/proxy';

let namespace: Namespace;
let folder: string;
let gateway: RunningGateway;
const tokens: Record<string, string> = {};

beforeEach(async () => {
  namespace = createNamespace();
  folder = mkdtempSync(join(tmpdir(), 'hooks-'));
  const TOKENS_FILE = join(folder, 'tokens.json');
  for (const source of ['azuracast', 'endec', 'uptime-kuma']) {
    const { record, token } = createToken({ source });
    changeTokenFile(TOKENS_FILE, (known) => [...known, record]);
    tokens[source] = token;
  }
  const HOOKS_FILE = join(repoRoot, 'apps/gateway/examples/hooks.json');
  const env = { TOKENS_FILE, HOOKS_FILE, TWILIO_AUTH_TOKEN: AUTH_TOKEN, PUBLIC_URL };
  gateway = await runGateway({ brokerUrl, namespace, env });
});

afterEach(async () => {
  await gateway.stop();
  await deleteNamespace(brokerUrl, namespace);
  rmSync(folder, { recursive: true });
});

function call(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}${path}`, { method: 'POST', body, headers });
}

/** A call of all four, as their programs make it. */
async function callAll(): Promise<number[]> {
  const fields = { MessageSid: 'SM1', From: '+12075550123', Body: 'Great show! ☃' };
  const signed = `${PUBLIC_URL}/hooks/twilio/smsBody${fields.Body}From${fields.From}MessageSid${fields.MessageSid}`;
  const signature = createHmac('sha1', AUTH_TOKEN).update(signed).digest('base64');
  const basic = Buffer.from(`azuracast:${tokens.azuracast}`).toString('base64');
  const responses = [
    await call('/hooks/azuracast', JSON.stringify(azuracastMessage.example.now_playing), {
      authorization: `Basic ${basic}`,
    }),
    await call(`/hooks/endec/${tokens.endec}`, JSON.stringify(endecMessage.example)),
    await call('/hooks/twilio/sms', new URLSearchParams(fields).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      'x-twilio-signature': signature,
    }),
    await call(`/hooks/uptime-kuma?token=${tokens['uptime-kuma']}`, '{"msg":"Stream is down"}'),
  ];
  return responses.map(({ status }) => status);
}

it('what programs send to their hooks is published under the key of each, and no secret with it', async () => {
  const spy = await spyOnExchange(brokerUrl, namespace.exchange);
  expect(await callAll()).toEqual([200, 200, 200, 200]);
  const messages = await spy.waitForCount(4);
  expect(messages.map(({ routingKey }) => routingKey)).toEqual([
    'source.azuracast.nowplaying',
    'source.endec.alert',
    'source.twilio.sms.incoming',
    'source.standard.uptime-kuma',
  ]);
  expect(messages.map(({ json }) => json)).toMatchObject([
    { station: 'wbor', now_playing: azuracastMessage.example.now_playing },
    endecMessage.example,
    {
      MessageSid: 'SM1',
      Body: 'Great show! ☃',
      SenderName: 'Unknown',
      source: 'twilio',
      type: 'sms.incoming',
    },
    { body: 'Stream is down', source: 'uptime-kuma' },
  ]);
  const told = gateway.logText() + messages.map(({ content }) => content.toString()).join();
  for (const token of Object.values(tokens)) expect(told).not.toContain(token.split('_').slice(2).join('_'));
  expect(gateway.logText()).not.toMatch(/2075550123|Great show|auth-token/);
  await spy.close();
});

it('what comes before a relay was ever up is kept for it', async () => {
  expect(await callAll()).toEqual([200, 200, 200, 200]);
  const connection = await connectAmqp(brokerUrl);
  const channel = await connection.createChannel();
  const counts = await Promise.all(
    [relayStandardQueue, relayTwilioQueue].map(
      async (queue) => (await channel.checkQueue(queueName(queue, namespace))).messageCount,
    ),
  );
  expect(counts).toEqual([3, 1]);
  await connection.close();
});
