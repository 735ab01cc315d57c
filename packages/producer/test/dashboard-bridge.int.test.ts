import { createServer } from 'node:net';
import { join } from 'node:path';
import { connectAmqp, publishRaw, spawnKept, startHttpServer, waitFor } from '@wbor/testkit';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { type Bed, buildInto, installedNode, makeBed } from './bed.ts';

let bed: Bed;

beforeEach(async () => {
  bed = await makeBed(inject('brokerUrl'));
  await buildInto(join(bed.folder, 'dist'));
});

afterEach(() => bed.end());

const AT = '2026-05-01T12:00:00.000Z';
const SID = (digit: string) => `SM${digit.repeat(32)}`;

/** A Twilio with two pages of messages. */
async function startTwilio() {
  const redacted: string[] = [];
  const message = (digit: string, date: string, direction = 'inbound', body = 'Hello') => ({
    sid: SID(digit),
    body,
    direction,
    date_sent: new Date(date).toUTCString(),
  });
  const pages = {
    1: {
      messages: [message('1', '2026-05-01T11:00:00Z'), message('2', '2026-05-01T12:30:00Z')],
      next_page_uri: '/2010-04-01/Accounts/AC1/Messages.json?Page=2',
    },
    2: {
      messages: [
        message('3', '2026-05-01T09:00:00Z'),
        message('4', '2026-05-01T09:00:00Z', 'outbound-api'),
        message('5', '2026-04-01T09:00:00Z'),
        message('6', '2026-05-01T10:00:00Z', 'inbound', ''),
      ],
      next_page_uri: null,
    },
  };
  const server = await startHttpServer({
    'GET /2010-04-01/Accounts/AC1/Messages.json': (request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(request.path.includes('Page=2') ? pages[2] : pages[1]));
    },
    ...Object.fromEntries(
      ['1', '2', '3', '4', '5', '6'].map((digit) => [
        `POST /2010-04-01/Accounts/AC1/Messages/${SID(digit)}.json`,
        (_request: unknown, response: { end(text: string): void }) => {
          redacted.push(digit);
          response.end('{}');
        },
      ]),
    ),
  });
  bed.onEnd(() => server.dispose());
  return { url: server.url, redacted, requests: server.requests };
}

/** The dashboard's side of its socket. */
async function startDashboard(path: string) {
  let wakes = 0;
  const server = createServer((socket) => {
    wakes += 1;
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  bed.onEnd(async () => void server.close());
  return { wakes: () => wakes };
}

it('!clear makes Twilio forget what came before it, and wakes the dashboard', async () => {
  const twilio = await startTwilio();
  const socket = join(bed.folder, 'dashboard.sock');
  const dashboard = await startDashboard(socket);
  const bridge = await spawnKept(installedNode, [join(bed.folder, 'dist/dashboard-bridge.js')], {
    env: {
      RABBITMQ_URL: inject('brokerUrl'),
      RABBITMQ_EXCHANGE: bed.exchange,
      DASHBOARD_SOCKETS: `${socket},${join(bed.folder, 'nobody.sock')}`,
      TWILIO_ACCOUNT_SID: 'AC1',
      TWILIO_AUTH_TOKEN: 'auth-token-1',
      TWILIO_NUMBER: '+12075550100',
      TWILIO_API_URL: twilio.url,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  bed.onEnd(() => bridge.kill());
  let output = '';
  for (const stream of [bridge.child.stdout, bridge.child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  await waitFor(() => output.includes('"listening"'), { what: 'the bridge listening' });
  const broker = await connectAmqp(inject('brokerUrl'));
  bed.onEnd(() => broker.close());
  const channel = await broker.createConfirmChannel();
  const returned: unknown[] = [];
  channel.on('return', (message) => returned.push(message));
  const publish = (body: unknown) =>
    publishRaw(channel, bed.exchange, 'dashboard.clear', Buffer.from(JSON.stringify(body)), {
      mandatory: true,
    });
  await publish('nonsense');
  await publish({ at: AT, scope: 'all', requested_by: 'A Manager' });
  await waitFor(() => output.includes('nobody listens'), { what: 'the end of the work' });
  expect(returned).toEqual([]);
  expect(twilio.redacted).toEqual(['1', '3']);
  expect(dashboard.wakes()).toBe(1);
  expect(output).toContain('"redacted":2,"failed":0');
  expect(output).toContain('not understood');
  expect(output).not.toContain('auth-token-1');
  await bridge.kill();
  await waitFor(
    async () => {
      await publish({ at: AT, scope: 'all', requested_by: 'A Manager' });
      return returned.length > 0;
    },
    { what: 'the broker finding nobody who listens' },
  );
});
