import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../src/index.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAMBAQDJ/pLvAAAAAElFTkSuQmCC',
  'base64',
);

interface UploadAnswer {
  payload: { url: string; picture_url: string };
}

interface MessagesAnswer {
  response: { count: number; messages: object[] };
  meta: object;
}

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator({ previewDelayMs: 150 });
});
afterEach(() => simulator.reset());
afterAll(() => simulator.stop());

function post(body: unknown, query = ''): Promise<Response> {
  return fetch(`${simulator.apiUrl}/bots/post${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

function withImages(...urls: string[]): object {
  return { bot_id: simulator.botId, attachments: urls.map((url) => ({ type: 'image', url })) };
}

function get(path: string, token = simulator.accessToken): Promise<Response> {
  return fetch(`${simulator.url}${path}`, { headers: { 'x-access-token': token } });
}

describe('bots/post', () => {
  it('answers 202 with an empty body and shows the text', async () => {
    const answer = await post({ bot_id: simulator.botId, text: 'line 1\nline 2' });
    expect(answer.status).toBe(202);
    expect(await answer.text()).toBe('');
    expect(simulator.messages()).toMatchObject([{ text: 'line 1\nline 2', sender_type: 'bot' }]);
    expect(simulator.requests()).toMatchObject([
      { seq: expect.any(Number), status: 202, ending: 'answered', messageId: simulator.messages()[0]?.id },
    ]);
  });

  it('takes query parameters as well', async () => {
    const answer = await fetch(`${simulator.apiUrl}/bots/post?bot_id=${simulator.botId}&text=hello%20there`, {
      method: 'POST',
    });
    expect(answer.status).toBe(202);
    expect(simulator.messages()[0]?.text).toBe('hello there');
  });

  it('makes an attachment of a picture', async () => {
    await post({ bot_id: simulator.botId, text: '', picture_url: 'https://i.groupme.com/1x1.png.0' });
    expect(simulator.messages()[0]).toMatchObject({
      text: null,
      attachments: [{ type: 'image', url: 'https://i.groupme.com/1x1.png.0' }],
    });
  });

  it.each([
    ['an unknown bot', 404, () => ({ bot_id: 'nobody', text: 'hi' })],
    ['no bot', 400, () => ({ text: 'hi' })],
    ['neither text nor picture', 400, () => ({ bot_id: simulator.botId })],
    ['a blank text', 400, () => ({ bot_id: simulator.botId, text: ' \n' })],
    ['a text that is none', 400, () => ({ bot_id: simulator.botId, text: ['hi'] })],
    ['malformed JSON', 400, () => '{"bot_id":'],
    ['JSON that is no object', 400, () => '"hi"'],
    ['a picture of another host', 400, () => withImages('https://media.test/ME0123')],
    [
      'the same as picture_url',
      400,
      () => ({ bot_id: simulator.botId, picture_url: 'https://media.test/a' }),
    ],
    ['a picture with no address', 400, () => withImages('')],
    ['two pictures', 400, () => withImages('https://i.groupme.com/a', 'https://i.groupme.com/b')],
    ['1001 UTF-16 units', 400, () => ({ bot_id: simulator.botId, text: 'x'.repeat(1001) })],
    [
      '501 characters that take two units each',
      400,
      () => ({ bot_id: simulator.botId, text: '😀'.repeat(501) }),
    ],
  ])('refuses %s with %i and the usual envelope, and shows nothing', async (_name, status, makeBody) => {
    const answer = await post(makeBody());
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({
      meta: { code: status, errors: [expect.any(String)] },
      response: null,
    });
    expect(simulator.messages()).toEqual([]);
  });

  it('takes exactly 1000 units', async () => {
    expect((await post({ bot_id: simulator.botId, text: '😀'.repeat(500) })).status).toBe(202);
  });
});

describe('pictures', () => {
  async function upload(headers: Record<string, string>, query = ''): Promise<Response> {
    return fetch(`${simulator.imageUrl}/pictures${query}`, { method: 'POST', body: PNG, headers });
  }

  it('takes bytes of any type or none, and gives them back under an address of the known form', async () => {
    for (const headers of [{ 'content-type': 'image/png' }, {}]) {
      const answer = await upload({ 'x-access-token': simulator.accessToken, ...headers });
      expect(answer.status).toBe(200);
      const { payload } = (await answer.json()) as UploadAnswer;
      expect(payload.url).toBe(payload.picture_url);
      expect(payload.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/1x1\.png\.[0-9a-f]{32}$/);
      const picture = await fetch(payload.url);
      expect(picture.headers.get('content-type')).toBe('image/png');
      expect(Buffer.from(await picture.arrayBuffer())).toEqual(PNG);
    }
  });

  it('makes the variants a while later', async () => {
    const answer = await upload({ 'x-access-token': simulator.accessToken });
    const { url } = ((await answer.json()) as UploadAnswer).payload;
    const head = async (suffix: string) => (await fetch(`${url}${suffix}`, { method: 'HEAD' })).status;
    expect(await head('.preview')).toBe(404);
    await expect.poll(() => head('.preview'), { timeout: 4_000, interval: 20 }).toBe(200);
    expect(await head('.large')).toBe(200);
    expect(await head('.preview.large')).toBe(404);
  });

  it('fails at a form, as GroupMe does', async () => {
    const form = new FormData();
    form.append('file', new Blob([PNG], { type: 'image/png' }), 'a.png');
    const answer = await fetch(`${simulator.imageUrl}/pictures`, {
      method: 'POST',
      body: form,
      headers: { 'x-access-token': simulator.accessToken },
    });
    expect(answer.status).toBe(500);
  });

  it('gives an address that a bot can post', async () => {
    const answer = await upload({ 'x-access-token': simulator.accessToken });
    const { url } = ((await answer.json()) as UploadAnswer).payload;
    expect((await post({ bot_id: simulator.botId, picture_url: url })).status).toBe(202);
    expect(simulator.messages()[0]?.attachments).toEqual([{ type: 'image', url }]);
  });

  it('takes the token in the query, and refuses a wrong or missing one', async () => {
    expect((await upload({}, `?access_token=${simulator.accessToken}`)).status).toBe(200);
    expect((await upload({ 'x-access-token': 'wrong' })).status).toBe(401);
    expect((await upload({})).status).toBe(401);
  });

  it('answers 404 for a picture that it does not have', async () => {
    expect((await fetch(`${simulator.url}/1x1.png.${'0'.repeat(32)}`)).status).toBe(404);
  });
});

describe('reading', () => {
  it('answers 401 without the right token', async () => {
    for (const path of ['/v3/bots', '/v3/users/me', `/v3/groups/${simulator.groupId}/messages`]) {
      expect((await get(path, 'wrong')).status).toBe(401);
    }
  });

  it('lists messages in the usual envelope, 20 unless told', async () => {
    for (let index = 0; index < 25; index += 1) {
      await simulator.postAsMember({ name: 'Kim', text: `m${index}` });
    }
    const answer = await get(`/v3/groups/${simulator.groupId}/messages`);
    const { response, meta } = (await answer.json()) as MessagesAnswer;
    expect(meta).toEqual({ code: 200 });
    expect(response.count).toBe(25);
    expect(response.messages).toHaveLength(20);
    expect(response.messages[0]).toMatchObject({ text: 'm24', sender_type: 'user', favorited_by: [] });
  });

  it('answers 304 when there is nothing, and an empty 404 for another group', async () => {
    expect((await get(`/v3/groups/${simulator.groupId}/messages`)).status).toBe(304);
    const missing = await get('/v3/groups/1/messages');
    expect(missing.status).toBe(404);
    expect(await missing.text()).toBe('');
  });

  it('tells of the group, the bots and the user', async () => {
    expect(await (await get(`/v3/groups/${simulator.groupId}`)).json()).toMatchObject({
      response: { id: simulator.groupId, messages: { count: 0, last_message_id: null } },
    });
    expect(await (await get('/v3/bots')).json()).toMatchObject({
      response: [{ bot_id: simulator.botId, group_id: simulator.groupId, callback_url: null }],
    });
    expect(await (await get('/v3/users/me')).json()).toMatchObject({ response: { id: '20000001' } });
  });

  it('answers 404 for a route that GroupMe does not have, and records it', async () => {
    expect((await get('/v3/nonsense/route')).status).toBe(404);
    expect(simulator.requests()).toMatchObject([{ path: '/v3/nonsense/route', status: 404 }]);
  });
});

describe('faults', () => {
  const hello = () => post({ bot_id: simulator.botId, text: 'hello' });

  it('answers the scripted status so often, then as usual', async () => {
    simulator.setFault({ route: 'bots/post', mode: 'status', status: 503, retryAfter: 9, times: 2 });
    const answers = [await hello(), await hello(), await hello()];
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 202]);
    expect(answers[0]?.headers.get('retry-after')).toBe('9');
    expect(simulator.messages()).toHaveLength(1);
    expect(simulator.requests().map(({ fault }) => fault)).toEqual(['status', 'status', null]);
  });

  it.each([
    ['reset', 0, 'reset'],
    ['accept-then-reset', 1, 'reset'],
  ] as const)('%s cuts the connection with %i messages shown', async (mode, shown, ending) => {
    simulator.setFault({ route: 'bots/post', mode, times: 1 });
    await expect(hello()).rejects.toThrow();
    expect(simulator.messages()).toHaveLength(shown);
    expect(simulator.requests()).toMatchObject([{ ending, status: null, fault: mode }]);
    expect(simulator.requests()[0]?.messageId).toBe(simulator.messages()[0]?.id);
  });

  it('accept-then-status shows the message and answers otherwise', async () => {
    simulator.setFault({ route: 'bots/post', mode: 'accept-then-status', status: 500, times: 1 });
    expect((await hello()).status).toBe(500);
    expect(simulator.messages()).toHaveLength(1);
  });

  it('hang gives no answer until the client gives up', async () => {
    simulator.setFault({ route: 'bots/post', mode: 'hang' });
    const giveUp = new AbortController();
    const answer = fetch(`${simulator.apiUrl}/bots/post`, { method: 'POST', signal: giveUp.signal });
    await simulator.waitFor(({ requests }) => requests[0]?.ending === 'hung', 4_000);
    giveUp.abort();
    await expect(answer).rejects.toThrow();
    expect(simulator.messages()).toEqual([]);
  });

  it('delay answers as usual, but later, and shows the message only then', async () => {
    simulator.setFault({ route: 'bots/post', mode: 'delay', delayMs: 100, times: 1 });
    const answer = hello();
    await simulator.waitFor(({ requests }) => requests.length === 1, 4_000);
    expect(simulator.messages()).toEqual([]);
    expect((await answer).status).toBe(202);
    expect(simulator.messages()).toHaveLength(1);
  });

  it('delay shows the message even if the client has gone by then', async () => {
    simulator.setFault({ route: 'bots/post', mode: 'delay', delayMs: 100, times: 1 });
    const giveUp = new AbortController();
    const answer = fetch(`${simulator.apiUrl}/bots/post?bot_id=${simulator.botId}&text=late`, {
      method: 'POST',
      signal: giveUp.signal,
    });
    await simulator.waitFor(({ requests }) => requests.length === 1, 4_000);
    giveUp.abort();
    await expect(answer).rejects.toThrow();
    await simulator.waitFor(({ messages }) => messages.length === 1, 4_000);
    expect(simulator.requests()).toMatchObject([{ ending: 'abandoned', status: null }]);
  });

  it('drops a delayed post that was begun before a reset', async () => {
    simulator.setFault({ route: 'bots/post', mode: 'delay', delayMs: 100, times: 1 });
    const answer = hello();
    await simulator.waitFor(({ requests }) => requests.length === 1, 4_000);
    simulator.reset();
    await expect(answer).rejects.toThrow();
    expect(simulator.messages()).toEqual([]);
  });

  it('rate-limit refuses what is too much, with a Retry-After when told so', async () => {
    simulator.setFault({
      route: 'bots/post',
      mode: 'rate-limit',
      perSeconds: 600,
      posts: 1,
      retryAfter: true,
      status: 420,
    });
    expect((await hello()).status).toBe(202);
    const refused = await hello();
    expect(refused.status).toBe(420);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(590);
    expect(simulator.messages()).toHaveLength(1);
  });
});

it('stops although a request hangs', async () => {
  const other = await startSimulator();
  other.setFault({ route: 'bots/post', mode: 'hang' });
  const answer = fetch(`${other.apiUrl}/bots/post`, { method: 'POST' });
  await other.waitFor(({ requests }) => requests[0]?.ending === 'hung', 4_000);
  await other.stop();
  await expect(answer).rejects.toThrow();
});

describe('waitFor', () => {
  it('gives the first truthy result', async () => {
    const waiting = simulator.waitFor(
      ({ messages }) => messages.find(({ text }) => text === 'two')?.id,
      4_000,
    );
    await simulator.postAsMember({ name: 'Kim', text: 'one' });
    const { id } = await simulator.postAsMember({ name: 'Kim', text: 'two' });
    expect(await waiting).toBe(id);
  });

  it('fails in time', async () => {
    await expect(simulator.waitFor(() => false, 30)).rejects.toMatchObject({ code: 'SIMULATOR_TIMEOUT' });
  });

  it('fails with the error of its predicate', async () => {
    const waiting = simulator.waitFor(() => {
      throw new Error('boom');
    }, 4_000);
    await expect(waiting).rejects.toThrow('boom');
  });
});
