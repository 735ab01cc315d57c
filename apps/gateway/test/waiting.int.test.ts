import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Namespace, postEvent, queueName, relayStandardQueue } from '@wbor/contracts';
import {
  connectAmqp,
  createNamespace,
  deleteNamespace,
  spyOnExchange,
  startTcpProxy,
  type TcpProxy,
  waitFor,
} from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { PASSWORD } from './gateway-under-test.ts';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const brokerUrl = inject('brokerUrl');

let namespace: Namespace;
let proxy: TcpProxy;
let gateway: RunningGateway;
let connection: Awaited<ReturnType<typeof connectAmqp>>;
let folder: string;

beforeEach(async () => {
  namespace = createNamespace();
  folder = mkdtempSync(join(tmpdir(), 'waiting-'));
  proxy = await startTcpProxy({ target: brokerUrl });
  gateway = await start();
  connection = await connectAmqp(brokerUrl);
});

afterEach(async () => {
  await gateway.stop();
  await proxy.dispose();
  await connection.close();
  await deleteNamespace(brokerUrl, namespace);
  rmSync(folder, { recursive: true });
});

function start(): Promise<RunningGateway> {
  const env = { SPOOL_FILE: join(folder, 'spool.sqlite') };
  return runGateway({ brokerUrl: proxy.url(brokerUrl), namespace, env });
}

/** A relay that answers each message by the words in its body, and tells the audit. */
async function startRelay(): Promise<void> {
  const channel = await connection.createConfirmChannel();
  await channel.consume(
    queueName(relayStandardQueue, namespace),
    (message) => {
      if (!message) return;
      const { body, source, wbor_message_id } = JSON.parse(message.content.toString());
      const { correlationId, replyTo } = message.properties;
      for (const status of String(body).split(' ')) {
        const reply = { status, message_id: wbor_message_id, code: 400, reason: 'by the test' };
        channel.publish('', replyTo, Buffer.from(JSON.stringify(reply)), { correlationId });
      }
      const event = { ...postEvent.example, source, wbor_message_id };
      channel.publish(namespace.exchange, postEvent.key, Buffer.from(JSON.stringify(event)));
    },
    { noAck: true },
  );
}

async function send(body: string, headers: Record<string, string>) {
  const response = await fetch(`${gateway.url}/send`, {
    method: 'POST',
    headers: { authorization: `Bearer ${PASSWORD}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ source: 'ups', body, wbor_message_id: `id of ${body}` }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

async function ask(id: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${PASSWORD}` };
  const response = await fetch(`${gateway.url}/send/${encodeURIComponent(id)}`, { headers });
  return ((await response.json()) as { status?: unknown }).status;
}

it('who waits hears from the relay, also after the connection was lost, and GET tells it, also after a restart', async () => {
  await startRelay();
  expect((await send('posting success', { prefer: 'wait=20' })).status).toBe(200);
  expect((await send('failed', { prefer: 'wait=20' })).json).toMatchObject({
    status: 'failed',
    message: 'by the test',
  });
  await proxy.cut();
  await waitFor(() => gateway.faults().length > 0, { what: 'the gateway notices' });
  await proxy.heal();
  await waitFor(() => gateway.faults().length === 0, { what: 'the gateway is ready again' });
  // The queue of replies comes back on a connection of its own.
  await waitFor(async () => (await send('success', { prefer: 'wait=2' })).status === 200, {
    what: 'a reply',
  });
  await waitFor(async () => (await ask('id of posting success')) === 'delivered', { what: 'the state' });
  await gateway.stop();
  gateway = await start();
  expect(await ask('id of posting success')).toBe('delivered');
});

it('a message asks for word before the first post, by a queue that goes with its gateway', async () => {
  const spy = await spyOnExchange(brokerUrl, namespace.exchange, 'source.standard.#');
  const deliverBy = Date.now() + 3_000;
  const answer = await send('anything', { prefer: 'wait=20', 'x-deliver-by': String(deliverBy) });
  expect([answer.status, answer.json.code]).toEqual([504, 'NOT_KNOWN']);
  const [message] = await spy.waitForCount(1);
  expect(message?.headers).toMatchObject({ 'x-deliver-by': deliverBy, 'x-interim-reply': true });
  expect(message?.properties).toMatchObject({
    replyTo: expect.stringMatching(/^amq\.gen-/),
    correlationId: expect.any(String),
  });
  await spy.close();
});

it('what its producer posted is published as a log', async () => {
  const spy = await spyOnExchange(brokerUrl, namespace.exchange, 'source.standard.#');
  const response = await gateway.send(
    { source: 'ups', body: 'On battery', wbor_message_id: 'm', alreadysent: true, statuscode: 202 },
    PASSWORD,
  );
  expect(response.status).toBe(202);
  const [message] = await spy.waitForCount(1);
  expect(message?.headers).toEqual({ 'x-retry-count': 0, alreadysent: true });
  expect(message?.json).toEqual({ source: 'ups', body: 'On battery', wbor_message_id: 'm', statuscode: 202 });
  await spy.close();
});
