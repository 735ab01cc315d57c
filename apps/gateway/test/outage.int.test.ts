import { auditEventsQueue, type Namespace, queueName, relayStandardQueue } from '@wbor/contracts';
import {
  connectAmqp,
  createNamespace,
  deleteNamespace,
  spyOnExchange,
  startTcpProxy,
  type TcpProxy,
  waitFor,
} from '@wbor/testkit';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { callbackBody, PASSWORD } from './gateway-under-test.ts';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const brokerUrl = inject('brokerUrl');
const message = { body: 'hello', source: 'standard', wbor_message_id: 'id-of-the-caller' };

let namespace: Namespace;
let proxy: TcpProxy;
let gateway: RunningGateway;

beforeEach(async () => {
  namespace = createNamespace();
  proxy = await startTcpProxy({ target: brokerUrl });
  gateway = await runGateway({ brokerUrl: proxy.url(brokerUrl), namespace });
});

afterEach(async () => {
  await gateway.stop();
  await proxy.dispose();
  await deleteNamespace(brokerUrl, namespace);
});

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { code: string }).code;
}

describe('while the broker is away', () => {
  it('/send and callbacks are 503 with Retry-After, and work again when it is back', async () => {
    const spy = await spyOnExchange(brokerUrl, namespace.exchange);
    await proxy.cut();
    await waitFor(() => gateway.faults().length > 0, { what: 'the gateway notices' });
    for (const response of [await gateway.send(message, PASSWORD), await gateway.callback(callbackBody())]) {
      expect(response.status).toBe(503);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await codeOf(response)).toBe('BROKER_UNAVAILABLE');
    }
    await proxy.heal();
    await waitFor(() => gateway.faults().length === 0, { what: 'the gateway is ready again' });
    expect((await gateway.send(message, PASSWORD)).status).toBe(202);
    // Refused before, so it must not be taken for one that was published.
    expect((await gateway.callback(callbackBody())).status).toBe(200);
    const messages = await spy.waitForCount(2);
    expect(messages.map(({ routingKey }) => routingKey)).toEqual([
      'source.standard',
      'source.groupme.callback',
    ]);
    await spy.close();
  });

  it('a send whose confirm does not come is 503 in bounded time and says that it may still arrive', async () => {
    const spy = await spyOnExchange(brokerUrl, namespace.exchange);
    proxy.stall();
    const response = await gateway.send(message, PASSWORD);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({
      code: 'CONFIRM_TIMEOUT',
      message: expect.stringContaining('may still arrive'),
      wbor_message_id: 'id-of-the-caller',
    });
    await proxy.heal();
    await waitFor(() => gateway.faults().length === 0, { what: 'the gateway is ready again' });
    expect((await gateway.send(message, PASSWORD)).status).toBe(202);
    // It did arrive, and whoever takes both can tell that they are one message.
    const [first, second] = await spy.waitForCount(2);
    expect(second?.properties.messageId).toBe(first?.properties.messageId);
    expect(second?.content.equals(first?.content ?? Buffer.alloc(0))).toBe(true);
    await spy.close();
  });
});

describe('while no queue takes the messages', () => {
  it('/send is 503 and not 202, and works once there is one', async () => {
    const connection = await connectAmqp(brokerUrl);
    const channel = await connection.createChannel();
    await channel.deleteQueue(queueName(relayStandardQueue, namespace));
    await connection.close();
    const refused = await gateway.send(message, PASSWORD);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await codeOf(refused)).toBe('NO_RECEIVER');
    const spy = await spyOnExchange(brokerUrl, namespace.exchange, 'source.standard.#');
    expect((await gateway.send(message, PASSWORD)).status).toBe(202);
    expect(await spy.waitForCount(1)).toHaveLength(1);
    await spy.close();
  });

  it('/send is kept for a relay that was never up yet, whoever else hears of it', async () => {
    const spy = await spyOnExchange(brokerUrl, namespace.exchange);
    expect((await gateway.send(message, PASSWORD)).status).toBe(202);
    expect((await gateway.send({ body: 'On battery', source: 'ups' }, PASSWORD)).status).toBe(202);
    const connection = await connectAmqp(brokerUrl);
    const channel = await connection.createChannel();
    const { messageCount } = await channel.checkQueue(queueName(relayStandardQueue, namespace));
    expect(messageCount).toBe(2);
    await connection.close();
    await spy.close();
  });

  it('callbacks and echoes are kept all the same, for an audit-logger that was never up yet', async () => {
    const echo = callbackBody({ id: 'an-echo', sender_type: 'bot' });
    for (const body of [callbackBody(), echo]) expect((await gateway.callback(body)).status).toBe(200);
    const connection = await connectAmqp(brokerUrl);
    const channel = await connection.createChannel();
    const { messageCount } = await channel.checkQueue(queueName(auditEventsQueue, namespace));
    expect(messageCount).toBe(2);
    await connection.close();
  });

  it('a callback is 503 when even that queue is gone, and a repeat is published once it is back', async () => {
    const connection = await connectAmqp(brokerUrl);
    const channel = await connection.createChannel();
    await channel.deleteQueue(queueName(auditEventsQueue, namespace));
    await connection.close();
    expect(await codeOf(await gateway.callback(callbackBody()))).toBe('NO_RECEIVER');
    const spy = await spyOnExchange(brokerUrl, namespace.exchange, 'source.groupme.*');
    expect((await gateway.callback(callbackBody())).status).toBe(200);
    expect(await spy.waitForCount(1)).toHaveLength(1);
    await spy.close();
  });
});
