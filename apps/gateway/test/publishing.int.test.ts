import type { Namespace } from '@wbor/contracts';
import { createNamespace, deleteNamespace, type ExchangeSpy, spyOnExchange } from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { BOT_ID, CALLBACK_SECRET, callbackBody, PASSWORD } from './gateway-under-test.ts';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const brokerUrl = inject('brokerUrl');
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[457][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ID = '0a1b2c3d-1111-4222-8333-444455556666';

let namespace: Namespace;
let spy: ExchangeSpy;
let gateway: RunningGateway;

beforeEach(async () => {
  namespace = createNamespace();
  spy = await spyOnExchange(brokerUrl, namespace.exchange);
  gateway = await runGateway({ brokerUrl, namespace });
});

afterEach(async () => {
  await gateway.stop();
  await spy.close();
  await deleteNamespace(brokerUrl, namespace);
});

/** What the original put on the exchange for these calls, recorded from it. */
const recorded = [
  {
    name: 'send-ok-uid',
    request: { password: PASSWORD, body: 'Hello via HTTP', source: 'standard', wbor_message_id: ID },
    message: { body: 'Hello via HTTP', source: 'standard', wbor_message_id: ID },
  },
  {
    name: 'send-ok-images',
    request: {
      password: PASSWORD,
      body: 'Pictures',
      source: 'standard',
      wbor_message_id: ID,
      images: ['http://127.0.0.1:6100/media/a.png'],
    },
    message: {
      body: 'Pictures',
      source: 'standard',
      wbor_message_id: ID,
      images: ['http://127.0.0.1:6100/media/a.png'],
    },
  },
];

describe('/send', () => {
  it.each(recorded)('publishes byte for byte what the original did: $name', async ({ request, message }) => {
    const response = await gateway.send(request);
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ status: 'queued', wbor_message_id: ID });
    const [published] = await spy.waitForCount(1);
    expect(published?.routingKey).toBe('source.standard');
    expect(published?.content.toString()).toBe(JSON.stringify(message));
    expect(published?.headers).toEqual({ 'x-retry-count': 0 });
    expect(published?.properties).toMatchObject({
      deliveryMode: 2,
      contentType: 'application/json',
      appId: 'gateway',
      type: 'source.standard',
      messageId: expect.stringMatching(UUID),
      timestamp: expect.any(Number),
    });
  });

  it('publishes byte for byte what the original did, with an id of its own: send-ok', async () => {
    const response = await gateway.send({ password: PASSWORD, body: 'Hello via HTTP', source: 'standard' });
    expect(response.status).toBe(202);
    const { wbor_message_id: id } = (await response.json()) as { wbor_message_id: string };
    expect(id).toMatch(UUID);
    const [published] = await spy.waitForCount(1);
    expect(published?.content.toString()).toBe(
      JSON.stringify({ body: 'Hello via HTTP', source: 'standard', wbor_message_id: id }),
    );
  });

  it('publishes other sources under keys of their own', async () => {
    expect((await gateway.send({ body: 'On battery', source: 'ups-1' }, PASSWORD)).status).toBe(202);
    const [published] = await spy.waitForCount(1);
    expect(published?.routingKey).toBe('source.standard.ups-1');
  });

  it('publishes every one of 50 that come at once', async () => {
    const sends = Array.from({ length: 50 }, (_, index) =>
      gateway.send({ body: `message ${index}`, source: 'standard' }, PASSWORD),
    );
    const statuses = (await Promise.all(sends)).map((response) => response.status);
    expect(statuses).toEqual(Array.from({ length: 50 }, () => 202));
    const messages = await spy.waitForCount(50);
    const bodies = new Set(messages.map((message) => (message.json as { body: string }).body));
    expect(bodies.size).toBe(50);
    expect(messages).toHaveLength(50);
  });
});

describe('/callback', () => {
  it.each([
    ['cb-text', 'Hello world ☃☃'],
    ['cb-help', '!help'],
    ['cb-ping', '!ping'],
  ])('publishes byte for byte what the original did: %s', async (_name, text) => {
    const callback = {
      attachments: [],
      avatar_url: 'https://i.groupme.com/123456789',
      created_at: 1302623328,
      group_id: '1234567890',
      id: '1234567890',
      name: 'John',
      sender_id: '12345',
      sender_type: 'user',
      source_guid: 'GUID-1234',
      system: false,
      text,
      user_id: '1234567890',
    };
    const response = await gateway.callback(callback);
    expect([response.status, await response.text()]).toEqual([200, 'OK']);
    const [published] = await spy.waitForCount(1);
    expect(published?.routingKey).toBe('source.groupme.callback');
    expect(published?.content.toString()).toBe(
      JSON.stringify({
        ...callback,
        bot_id: BOT_ID,
        source: 'groupme.callback',
        code: 200,
        type: 'log',
        wbor_message_id: 'GUID-1234',
      }),
    );
    expect(published?.headers).toEqual({ 'x-retry-count': 0 });
    expect(published?.properties).toMatchObject({
      deliveryMode: 2,
      type: 'source.groupme.callback',
      messageId: expect.stringMatching(UUID),
    });
  });

  it('publishes what bots said as an echo', async () => {
    expect((await gateway.callback(callbackBody({ sender_type: 'bot' }))).status).toBe(200);
    const [published] = await spy.waitForCount(1);
    expect(published?.routingKey).toBe('source.groupme.echo');
    expect(published?.json).toMatchObject({ wbor_message_id: 'GUID-1234', type: 'log' });
  });

  it('publishes ten copies that come at once a single time', async () => {
    const copies = Array.from({ length: 10 }, () => gateway.callback(callbackBody()));
    expect((await Promise.all(copies)).every((response) => response.status === 200)).toBe(true);
    // A later message is behind all copies, so that none can still be on its way.
    await gateway.callback(callbackBody({ id: 'the-next' }));
    const messages = await spy.waitForCount(2);
    expect(messages.map((message) => (message.json as { id: string }).id)).toEqual([
      '130262332812345678',
      'the-next',
    ]);
  });
});

it('logs no secret, no text and no phone number, whatever happens', async () => {
  await gateway.send({ password: PASSWORD, body: 'Call +12075550123', source: 'standard' });
  await gateway.send({ body: 'Call +12075550123', source: 'standard' }, 'a-wrong-password');
  await gateway.callback(callbackBody({ text: 'Call +12075550123' }));
  await fetch(`${gateway.url}/callback/a-wrong-secret`, { method: 'POST', body: '{}' });
  await fetch(`${gateway.url}/typo/callback/${CALLBACK_SECRET}`, { method: 'POST', body: '{}' });
  await spy.waitForCount(2);
  await gateway.stop();
  const log = gateway.logText();
  expect(log.match(/"msg":"request"/g)).toHaveLength(5);
  const hidden = [PASSWORD, CALLBACK_SECRET, BOT_ID, '5550123', 'a-wrong-password', 'a-wrong-secret'];
  for (const value of [...hidden, new URL(brokerUrl).password]) {
    // The broker's default password is a word that may be part of others.
    expect(log).not.toMatch(new RegExp(`\\b${value}\\b`));
  }
});
