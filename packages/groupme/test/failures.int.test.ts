import { createServer, type RequestListener } from 'node:http';
import { inspect } from 'node:util';
import { type Fault, type Simulator, startSimulator } from '@wbor/groupme-simulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createGroupMeClient,
  type GroupMeClient,
  type GroupMeClientOptions,
  GroupMeError,
} from '../src/index.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
const RESPONSE_TIMEOUT_MS = 300;

let simulator: Simulator;
const releases: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  simulator = await startSimulator();
});
afterEach(async () => {
  simulator.reset();
  for (const release of releases.splice(0)) await release();
});
afterAll(() => simulator.stop());

function connect(options: Partial<GroupMeClientOptions> = {}): GroupMeClient {
  const client = createGroupMeClient({
    apiUrl: simulator.apiUrl,
    imageUrl: simulator.imageUrl,
    botId: simulator.botId,
    accessToken: simulator.accessToken,
    responseTimeoutMs: RESPONSE_TIMEOUT_MS,
    ...options,
  });
  releases.push(() => client.close());
  return client;
}

async function failureOf(call: Promise<unknown>): Promise<GroupMeError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GroupMeError)) throw new Error(`expected a GroupMeError, got ${inspect(error)}`);
  return error;
}

/** A server for answers that are too odd for the simulator. */
async function serveOddly(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  releases.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

describe('a post that fails', () => {
  const strikes: [string, Fault, { code: string; status: number; shown: number; retryAfterMs?: number }][] = [
    [
      'refused with 429 and seconds to wait',
      { route: 'bots/post', mode: 'status', status: 429, retryAfter: 7 },
      { code: 'GROUPME_RATE_LIMITED', status: 429, shown: 0, retryAfterMs: 7_000 },
    ],
    [
      'refused with 420 by the rate limit',
      { route: 'bots/post', mode: 'rate-limit', perSeconds: 60, posts: 0, status: 420 },
      { code: 'GROUPME_RATE_LIMITED', status: 420, shown: 0 },
    ],
    [
      'answered 500, not shown',
      { route: 'bots/post', mode: 'status', status: 500 },
      { code: 'GROUPME_UNKNOWN_OUTCOME', status: 500, shown: 0 },
    ],
    [
      'answered 503, and shown all the same',
      { route: 'bots/post', mode: 'accept-then-status', status: 503 },
      { code: 'GROUPME_UNKNOWN_OUTCOME', status: 503, shown: 1 },
    ],
    [
      'never answered',
      { route: 'bots/post', mode: 'hang' },
      { code: 'GROUPME_UNKNOWN_OUTCOME', status: 0, shown: 0 },
    ],
    [
      'never answered, and shown all the same',
      { route: 'bots/post', mode: 'accept-then-hang' },
      { code: 'GROUPME_UNKNOWN_OUTCOME', status: 0, shown: 1 },
    ],
    [
      'cut off',
      { route: 'bots/post', mode: 'reset' },
      { code: 'GROUPME_UNKNOWN_OUTCOME', status: 0, shown: 0 },
    ],
    [
      'cut off, and shown all the same',
      { route: 'bots/post', mode: 'accept-then-reset' },
      { code: 'GROUPME_UNKNOWN_OUTCOME', status: 0, shown: 1 },
    ],
    [
      'redirected',
      { route: 'bots/post', mode: 'status', status: 307 },
      { code: 'GROUPME_CONFIGURATION', status: 307, shown: 0 },
    ],
    [
      'answered 401',
      { route: 'bots/post', mode: 'status', status: 401 },
      { code: 'GROUPME_CONFIGURATION', status: 401, shown: 0 },
    ],
  ];

  it.each(strikes)('%s: is sent once and says what is known', async (_name, fault, expected) => {
    simulator.setFault(fault);
    const { shown, ...facts } = expected;
    const error = await failureOf(connect().postMessage({ text: 'hello' }));
    expect(error).toMatchObject(facts);
    expect(error.retryAfterMs).toBe(expected.retryAfterMs);
    expect(simulator.requests()).toHaveLength(1);
    expect(simulator.messages()).toHaveLength(shown);
  });

  it('reads Retry-After as a date, against the clock of the server', async () => {
    const apiUrl = await serveOddly((_request, response) => {
      response.sendDate = false;
      response.writeHead(429, {
        date: 'Thu, 15 Jan 2026 12:00:00 GMT',
        'retry-after': 'Thu, 15 Jan 2026 12:00:45 GMT',
      });
      response.end();
    });
    const error = await failureOf(connect({ apiUrl }).postMessage({ text: 'hello' }));
    expect(error).toMatchObject({ code: 'GROUPME_RATE_LIMITED', retryAfterMs: 45_000 });
  });

  it('is a fault of configuration when GroupMe does not know the bot', async () => {
    const error = await failureOf(connect({ botId: 'unknown-bot' }).postMessage({ text: 'hello' }));
    expect(error).toMatchObject({ code: 'GROUPME_CONFIGURATION', status: 404, detail: 'bot not found' });
  });

  it('is rejected when it is too long', async () => {
    const error = await failureOf(connect().postMessage({ text: 'x'.repeat(1001) }));
    expect(error).toMatchObject({ code: 'GROUPME_REJECTED', status: 400 });
    expect(error.detail).toContain('1000 characters');
  });
});

describe('a connection that is never made', () => {
  it('is certainly no post: refused', async () => {
    // Port 1 of loopback: nobody listens there, and only root could.
    const error = await failureOf(
      connect({ apiUrl: 'http://127.0.0.1:1/v3' }).postMessage({ text: 'hello' }),
    );
    expect(error).toMatchObject({ code: 'GROUPME_UNREACHABLE', status: 0, cause: { code: 'ECONNREFUSED' } });
  });

  it('is certainly no post: no such host', async () => {
    const client = connect({ apiUrl: 'http://groupme.invalid/v3', responseTimeoutMs: 10_000 });
    const error = await failureOf(client.postMessage({ text: 'hello' }));
    expect(error).toMatchObject({ code: 'GROUPME_UNREACHABLE', status: 0 });
  });

  it('is certainly no post: the client is closed', async () => {
    const client = connect();
    await client.close();
    const error = await failureOf(client.postMessage({ text: 'hello' }));
    expect(error).toMatchObject({ code: 'GROUPME_UNREACHABLE', status: 0 });
    expect(simulator.requests()).toEqual([]);
  });
});

describe('odd answers', () => {
  it('a success counts from its head on, even if its body breaks off', async () => {
    const apiUrl = await serveOddly((_request, response) => {
      response.writeHead(202, { 'content-length': '100' });
      response.write('x', () => response.destroy());
    });
    expect(await connect({ apiUrl }).postMessage({ text: 'hello' })).toMatchObject({ status: 202 });
  });

  it('a success counts from its head on, even if its body never ends', async () => {
    const apiUrl = await serveOddly((_request, response) => {
      response.writeHead(202);
      response.write(' ');
    });
    expect(await connect({ apiUrl }).postMessage({ text: 'hello' })).toMatchObject({ status: 202 });
  });

  it('a redirect is not followed', async () => {
    const paths: (string | undefined)[] = [];
    const apiUrl = await serveOddly((request, response) => {
      paths.push(request.url);
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const error = await failureOf(connect({ apiUrl }).getMe());
    expect(error).toMatchObject({ code: 'GROUPME_CONFIGURATION', status: 302 });
    expect(paths).toEqual(['/users/me']);
  });

  it.each([
    ['no JSON', 'oops'],
    ['no address in it', '{"payload":{}}'],
    ['an address that is none', '{"payload":{"picture_url":"nowhere"}}'],
  ])('an upload whose success holds %s has an unknown outcome', async (_name, body) => {
    simulator.setFault({ route: 'pictures', mode: 'status', status: 200, body });
    const error = await failureOf(connect().uploadImage(PNG, 'image/png'));
    expect(error).toMatchObject({ code: 'GROUPME_UNKNOWN_OUTCOME', status: 200 });
  });

  it('an answer without end is broken off', async () => {
    const apiUrl = await serveOddly((_request, response) => {
      response.writeHead(200);
      const chunk = Buffer.alloc(64 * 1024, 'x');
      const more = () => {
        while (response.write(chunk));
        response.once('drain', more);
      };
      more();
    });
    const error = await failureOf(connect({ apiUrl, responseTimeoutMs: 10_000 }).getMe());
    expect(error).toMatchObject({ code: 'GROUPME_UNKNOWN_OUTCOME', cause: { code: 'ANSWER_TOO_LARGE' } });
  });
});

describe('the token', () => {
  it('is needed for everything but posting', async () => {
    const client = connect({ accessToken: undefined });
    await client.postMessage({ text: 'hello' });
    for (const call of [
      client.listBots(),
      client.getMe(),
      client.listGroupMessages(simulator.groupId),
      client.uploadImage(PNG, 'image/png'),
    ]) {
      expect(await failureOf(call)).toMatchObject({ code: 'GROUPME_CONFIGURATION', status: 0 });
    }
    expect(simulator.requests()).toHaveLength(1);
  });

  it('is a fault of configuration when it is wrong', async () => {
    const client = connect({ accessToken: 'wrong-token' });
    for (const call of [client.getMe(), client.uploadImage(PNG, 'image/png')]) {
      expect(await failureOf(call)).toMatchObject({ code: 'GROUPME_CONFIGURATION', status: 401 });
    }
  });

  it('is a fault of configuration when a line end is left at its end', async () => {
    const error = await failureOf(connect({ accessToken: 'token-with-line-end\n' }).getMe());
    expect(error).toMatchObject({ code: 'GROUPME_CONFIGURATION', status: 0 });
    expect(inspect(error, { depth: null })).not.toContain('token-with-line-end');
  });
});

describe('secrets', () => {
  const botId = 'secret-bot-0123456789';
  const accessToken = 'secret-token-0123456789';

  it('are in no error, whatever GroupMe repeats and however deep one looks', async () => {
    const echoed = { meta: { code: 400, errors: [`bad bot ${botId}`, `bad token ${accessToken}`] } };
    const repeat = (status: number, body: unknown): RequestListener => {
      return (_request, response) => response.writeHead(status).end(JSON.stringify(body));
    };
    const errors: GroupMeError[] = [];
    for (const status of [302, 400, 401, 404, 429, 500]) {
      for (const body of [echoed, `${botId} ${accessToken}`]) {
        const url = await serveOddly(repeat(status, body));
        const client = connect({ apiUrl: url, imageUrl: url, botId, accessToken });
        errors.push(await failureOf(client.postMessage({ text: 'hello' })));
        errors.push(await failureOf(client.uploadImage(PNG, 'image/png')));
        errors.push(await failureOf(client.getMe()));
      }
    }
    const cut = await serveOddly((request) => request.socket.destroy());
    const hang = await serveOddly(() => undefined);
    for (const url of [
      cut,
      hang,
      'http://127.0.0.1:1',
      `http://127.0.0.1:1/${botId}/${accessToken}`,
      `http://${botId}.invalid`,
    ]) {
      const client = connect({ apiUrl: url, imageUrl: url, botId, accessToken });
      errors.push(await failureOf(client.postMessage({ text: 'hello' })));
      errors.push(await failureOf(client.listGroupMessages(accessToken)));
      errors.push(await failureOf(client.uploadImage(PNG, 'image/png')));
    }
    expect(errors).toHaveLength(51);
    for (const error of errors) {
      const shown = inspect(error, { depth: null, showHidden: true, getters: true });
      expect(shown).not.toContain(botId);
      expect(shown).not.toContain(accessToken);
    }
  });

  it.each([
    { botId: ' ' },
    { apiUrl: `nowhere-${accessToken}` },
    { imageUrl: `ftp://user:${accessToken}@host` },
  ])('are in no complaint about options: %j', (options) => {
    expect(() => connect({ accessToken, ...options })).toThrow(
      expect.objectContaining({ code: 'GROUPME_CONFIGURATION' }),
    );
    expect(() => connect({ accessToken, ...options })).not.toThrow(accessToken);
  });
});
