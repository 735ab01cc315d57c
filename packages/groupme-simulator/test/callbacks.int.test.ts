import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../src/index.ts';

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: { id: string; text: string; sender_type: string };
}

const received: Received[] = [];
let answerStatus = 200;
let receiver: Server;
let simulator: Simulator;
let callbackUrl: string;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(answerStatus).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  callbackUrl = `http://127.0.0.1:${address.port}/callback/secret-path`;
  simulator = await startSimulator({ callbackUrl });
});
afterEach(() => {
  simulator.reset();
  simulator.setCallbackUrl(callbackUrl);
  received.length = 0;
  answerStatus = 200;
});
afterAll(async () => {
  await simulator.stop();
  await new Promise((resolve) => receiver.close(resolve));
});

const settled = () =>
  simulator.waitFor(
    ({ callbacks }) => callbacks.length > 0 && callbacks.every(({ state }) => state !== 'pending'),
    4_000,
  );

it('calls back for what a member says, with all of the message', async () => {
  const message = await simulator.postAsMember({ name: 'Kim', text: '!ping' });
  await settled();
  expect(received).toHaveLength(1);
  expect(received[0]?.body).toEqual(message);
  expect(received[0]?.headers).toMatchObject({
    'user-agent': 'GroupMeBotNotifier/1.0',
    'content-type': 'application/json',
    connection: 'close',
  });
  expect(simulator.callbacks()).toMatchObject([{ messageId: message.id, state: 'delivered', status: 200 }]);
});

it("calls back for the bot's own posts: the echo", async () => {
  await fetch(`${simulator.apiUrl}/bots/post?bot_id=${simulator.botId}&text=hello`, { method: 'POST' });
  await settled();
  expect(received[0]?.body).toMatchObject({ text: 'hello', sender_type: 'bot' });
  expect(JSON.stringify(received[0]?.body)).not.toContain(simulator.botId);
});

it('does not try again when the receiver fails, and keeps what it answered', async () => {
  answerStatus = 503;
  await simulator.postAsMember({ name: 'Kim', text: 'hi' });
  await settled();
  expect(simulator.callbacks()).toMatchObject([{ state: 'failed', status: 503 }]);
  expect(received).toHaveLength(1);
});

it('keeps why a receiver was not reached, without its address', async () => {
  simulator.setCallbackUrl('http://127.0.0.1:1/secret-path');
  await simulator.postAsMember({ name: 'Kim', text: 'hi' });
  await settled();
  expect(simulator.callbacks()).toMatchObject([{ state: 'failed', status: null, error: 'ECONNREFUSED' }]);
  expect(JSON.stringify(simulator.callbacks())).not.toContain('secret-path');
});

it('makes none without an address', async () => {
  simulator.setCallbackUrl(undefined);
  await simulator.postAsMember({ name: 'Kim', text: 'hi' });
  expect(simulator.callbacks()).toEqual([]);
});

it('loses, doubles and delays them as scripted', async () => {
  simulator.setFault(
    { route: 'callback', mode: 'reset', times: 1 },
    { route: 'callback', mode: 'duplicate', times: 1 },
    { route: 'callback', mode: 'delay', delayMs: 50, times: 1 },
  );
  for (const text of ['lost', 'twice', 'late']) await simulator.postAsMember({ name: 'Kim', text });
  await settled();
  expect(received.map(({ body }) => body.text).sort()).toEqual(['late', 'twice', 'twice']);
  expect(simulator.callbacks().map(({ state }) => state)).toEqual(['lost', 'delivered', 'delivered']);
});

it('calls only the bots of the group', async () => {
  const other = await startSimulator({
    groups: [
      { id: '1', name: 'One' },
      { id: '2', name: 'Two' },
    ],
    bots: [
      { botId: 'bot-one', callbackUrl },
      { botId: 'bot-two', name: 'Second', groupId: '2', callbackUrl },
    ],
  });
  await other.postAsMember({ name: 'Kim', text: 'for two', groupId: '2' });
  await other.waitFor(({ callbacks }) => callbacks[0]?.state === 'delivered', 4_000);
  expect(other.callbacks()).toMatchObject([{ botName: 'Second' }]);
  await other.stop();
});
