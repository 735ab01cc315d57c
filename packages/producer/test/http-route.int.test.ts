import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { freePort } from '@wbor/testkit';
import { afterEach, expect, it } from 'vitest';
import { createHttpRoute } from '../src/routes/http.ts';
import type { AcceptedMessage } from '../src/spool/records.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

const message: AcceptedMessage = {
  id: 'id-1',
  at: 1,
  source: 'ups',
  body: 'Mains lost',
  images: [],
  urgent: false,
};

type Answer = { status: number; body?: object | string } | 'cut';

const DELIVERED = { status: 200, body: { status: 'delivered' } };
const STATE_OF = { wbor_message_id: 'id-1', source: 'ups' };
/** A proxy says it in a page of its own. */
const PAGE = '<html><h1>Bad Gateway</h1></html>';

/** A gateway that gives these answers, the last of them for ever. */
async function gateway(...answers: Answer[]) {
  const requests: IncomingMessage[] = [];
  server = createServer((request, response) => {
    requests.push(request);
    const answer = answers[Math.min(requests.length, answers.length) - 1] ?? 'cut';
    if (answer === 'cut') {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { requests, url: `http://127.0.0.1:${port}/` };
}

async function offer(url: string, waitMs: number | undefined = 800, token = 'token-1') {
  const route = createHttpRoute({ url, token, connectTimeoutMs: 500, clockMarginMs: 50 });
  const deliverBy = waitMs === 0 ? undefined : Date.now() + waitMs;
  return route.offer(message, {
    deliverBy,
    waitUntil: Date.now() + 2_000,
    until: Date.now() + 5_000,
    beforeOffer: async () => {},
  });
}

it('asks the gateway to wait for the relay, with a deadline and the token', async () => {
  const { requests, url } = await gateway(DELIVERED);
  expect(await offer(url)).toEqual({ kind: 'delivered' });
  expect(requests[0]).toMatchObject({ url: '/send', method: 'POST' });
  expect(requests[0]?.headers).toMatchObject({
    authorization: 'Bearer token-1',
    prefer: expect.stringMatching(/^wait=\d+$/),
    'x-deliver-by': expect.stringMatching(/^\d{13}$/),
  });
});

it.each([
  ['the relay has begun', { status: 202, body: { status: 'posting' } }, 'posting'],
  ['it is stored, and nothing is said of a post', { status: 202, body: { status: 'queued' } }, 'silent'],
  [
    'the relay will not post it',
    { status: 504, body: { code: 'NOT_POSTED', status: 'expired' } },
    'not-taken',
  ],
  ['the relay has failed', { status: 502, body: { code: 'NOT_DELIVERED', status: 'failed' } }, 'failed'],
  ['the relay has given it up', { status: 502, body: { code: 'IN_DOUBT' } }, 'in-doubt'],
  ['the broker is away', { status: 503, body: { code: 'BROKER_UNAVAILABLE' } }, 'not-taken'],
  ['it is not authorised', { status: 401 }, 'not-taken'],
  ['a redirect', { status: 302 }, 'not-taken'],
  ['the broker did not confirm', { status: 503, body: { code: 'CONFIRM_TIMEOUT' } }, 'silent'],
  ['there was no answer', 'cut', 'silent'],
  ['a 502 of a proxy', { status: 502, body: PAGE }, 'silent'],
  ['a 502 of a proxy that speaks JSON', { status: 502, body: { status: 'failed' } }, 'silent'],
  ['a 503 of a proxy', { status: 503, body: PAGE }, 'silent'],
  ['a 504 of a proxy', { status: 504, body: { status: 'expired' } }, 'silent'],
  ['the gateway is stopping', { status: 503, body: { code: 'STOPPING' } }, 'silent'],
  ['a page of a proxy', { status: 200, body: PAGE }, 'silent'],
  ['a 202 of somebody else', { status: 202 }, 'silent'],
] satisfies [string, Answer, string][])('%s', async (_what, answer, kind) => {
  const { url } = await gateway(answer);
  expect(await offer(url)).toMatchObject({ kind });
});

it('what is stored before the deadline is asked for again; without one that is enough', async () => {
  const QUEUED = { status: 202, body: { status: 'queued' } };
  const first = await gateway(QUEUED, DELIVERED);
  expect(await offer(first.url, 2_500)).toEqual({ kind: 'delivered' });
  expect(first.requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
  server?.close();
  const second = await gateway(QUEUED);
  expect(await offer(second.url, 0)).toEqual({ kind: 'queued' });
});

it('an answer after a lost one counts: the gateway knows the repeat', async () => {
  const { requests, url } = await gateway('cut', DELIVERED);
  expect(await offer(url, 1_500)).toEqual({ kind: 'delivered' });
  expect(requests).toHaveLength(2);
});

it('after a lost answer a refusal proves nothing; the gateway is asked what it has heard', async () => {
  const { url } = await gateway('cut', { status: 504, body: { code: 'NOT_POSTED' } });
  expect(await offer(url)).toMatchObject({ kind: 'silent' });
  server?.close();
  const other = await gateway('cut', { status: 200, body: { status: 'posting', ...STATE_OF } });
  expect(await offer(other.url, 100)).toEqual({ kind: 'posting' });
  expect(other.requests[1]?.url).toBe('/send/id-1');
  server?.close();
  const third = await gateway(
    { status: 502, body: PAGE },
    { status: 200, body: { status: 'failed', ...STATE_OF } },
  );
  expect(await offer(third.url, 100)).toMatchObject({ kind: 'failed' });
});

it.each([
  ['expired', 1_000, 'not-taken'],
  ['expired', -3_600_000, 'posting'],
  ['delivered', 0, 'delivered'],
  ['failed', 0, 'failed'],
  ['queued', 0, 'posting'],
])(
  'a post that was begun is asked for until it ends: %s, heard at the deadline %i ms',
  async (status, afterMs, kind) => {
    const at = new Date(Date.now() + 800 + afterMs).toISOString();
    const { requests, url } = await gateway(
      { status: 202, body: { status: 'posting' } },
      { status: 200, body: { status: 'posting', at, ...STATE_OF } },
      { status: 200, body: { status, at, ...STATE_OF } },
    );
    expect(await offer(url)).toMatchObject({ kind });
    expect(requests.map(({ url }) => url).slice(0, 3)).toEqual(['/send', '/send/id-1', '/send/id-1']);
  },
);

/** Asks what became of a message whose last deadline was an hour ago. */
async function recall(url: string, hasDeadline: boolean) {
  const route = createHttpRoute({ url, token: 'token-1', connectTimeoutMs: 500, clockMarginMs: 50 });
  const known = await route.recall(message, hasDeadline ? HOUR_AGO : undefined, Date.now() + 5_000);
  await route.close();
  return known;
}
const HOUR_AGO = Date.now() - 3_600_000;
const at = (ms: number) => new Date(HOUR_AGO + ms).toISOString();

it.each<[string, object, boolean, string | undefined]>([
  ['delivered', {}, false, 'delivered'],
  ['failed', {}, false, 'failed'],
  ['failed', { code: 0 }, false, 'in-doubt'],
  ['blocked', {}, false, 'failed'],
  ['expired', { at: at(10) }, true, 'not-taken'],
  ['expired', { at: at(10) }, false, undefined],
  ['expired', { at: at(-10) }, true, undefined],
  ['expired', {}, true, undefined],
  ['expired', { at: at(10), delivered_parts: 1 }, true, undefined],
  ['posting', { at: at(10) }, true, undefined],
  ['queued', {}, false, undefined],
  ['already-sent', {}, false, undefined],
  ['delivered', { source: 'endec' }, false, undefined],
  ['delivered', { wbor_message_id: 'id-2' }, false, undefined],
])(
  'the gateway is asked what became of an offer: %s %j, with a deadline %s',
  async (status, state, hasDeadline, kind) => {
    const { requests, url } = await gateway({ status: 200, body: { status, ...STATE_OF, ...state } });
    expect((await recall(url, hasDeadline))?.kind).toBe(kind);
    expect(requests.map(({ method, url }) => [method, url])).toEqual([['GET', '/send/id-1']]);
  },
);

it.each<[string, Answer]>([
  ['that has heard nothing', { status: 404, body: { code: 'NOT_FOUND' } }],
  ['that does not answer', 'cut'],
  ['that is no gateway', { status: 200, body: PAGE }],
])('a gateway %s settles nothing', async (_what, answer) => {
  const { url } = await gateway(answer);
  expect(await recall(url, true)).toBeUndefined();
});

it('nobody who listens has nothing', async () => {
  expect(await offer(`http://127.0.0.1:${await freePort()}`)).toEqual({
    kind: 'not-taken',
    reason: 'the gateway was not reached: ECONNREFUSED',
  });
});

it('a connection that is not made in time is given up, and has carried nothing', async () => {
  const sockets: Socket[] = [];
  // It takes the connection of TCP and never answers that of TLS.
  const mute = createTcpServer((socket) => void sockets.push(socket.on('error', () => {}).resume()));
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  const { port } = mute.address() as AddressInfo;
  const result = await offer(`https://127.0.0.1:${port}`, 20_000);
  for (const socket of sockets) socket.destroy();
  mute.close();
  expect(result).toEqual({
    kind: 'not-taken',
    reason: 'the gateway was not reached: UND_ERR_CONNECT_TIMEOUT',
  });
});

it('a token that no header can carry has sent nothing, and is in no reason', async () => {
  const { requests, url } = await gateway(DELIVERED);
  expect(await offer(url, 800, 'secret\n1')).toEqual({
    kind: 'not-taken',
    reason: 'the gateway was not reached: UND_ERR_INVALID_ARG',
  });
  expect(requests).toEqual([]);
});
