import { PublishError } from '@wbor/amqp';
import { Secret } from '@wbor/service';
import type { FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import {
  BOT_ID,
  CALLBACK_SECRET,
  callbackBody,
  createGatewayUnderTest,
  requestLines,
} from '../../test/gateway-under-test.ts';

function post(app: FastifyInstance, payload: object | string, path = `/callback/${CALLBACK_SECRET}`) {
  return app.inject({ method: 'POST', url: path, headers: { 'content-type': 'application/json' }, payload });
}

describe('POST /callback/:secret', () => {
  it('publishes the callback as it came, with the fields of the original behind', async () => {
    const { app, published } = await createGatewayUnderTest();
    const body = { zebra: 1, ...callbackBody({ text: null }) };
    const response = await post(app, body);
    expect([response.statusCode, response.body]).toEqual([200, 'OK']);
    expect(response.headers['content-type']).toContain('text/plain');
    expect(published[0]?.routingKey).toBe('source.groupme.callback');
    expect(JSON.stringify(published[0]?.body)).toBe(
      JSON.stringify({
        ...body,
        bot_id: BOT_ID,
        source: 'groupme.callback',
        code: 200,
        type: 'log',
        wbor_message_id: 'GUID-1234',
      }),
    );
  });

  it('leaves bot_id out when none is set', async () => {
    const { app, published } = await createGatewayUnderTest({ botId: undefined });
    await post(app, callbackBody());
    expect(published[0]?.body).not.toHaveProperty('bot_id');
  });

  it.each([undefined, null, '', 17, { a: 1 }])(
    'takes the id for wbor_message_id when source_guid is %j',
    async (guid) => {
      const { app, published } = await createGatewayUnderTest();
      await post(app, callbackBody({ source_guid: guid }));
      expect(published[0]?.body).toMatchObject({ wbor_message_id: '130262332812345678' });
    },
  );

  it.each([
    ['bot', 'source.groupme.echo'],
    ['Bot', 'source.groupme.echo'],
    [' BOT\n', 'source.groupme.echo'],
    ['robot', 'source.groupme.callback'],
    [['bot'], 'source.groupme.callback'],
    ['user', 'source.groupme.callback'],
    ['system', 'source.groupme.callback'],
    ['service', 'source.groupme.callback'],
    [null, 'source.groupme.callback'],
  ])('publishes what a %j said on %s', async (senderType, key) => {
    const { app, published } = await createGatewayUnderTest();
    await post(app, callbackBody({ sender_type: senderType }));
    expect(published.map((message) => message.routingKey)).toEqual([key]);
  });

  it('publishes a callback once, however often it comes', async () => {
    const { app, published, registry } = await createGatewayUnderTest();
    for (let copy = 0; copy < 3; copy += 1) expect((await post(app, callbackBody())).statusCode).toBe(200);
    expect(published).toHaveLength(1);
    expect(await registry.getSingleMetricAsString('gateway_callbacks_duplicate_total')).toContain('_total 2');
  });

  it('publishes an edit and a deletion, each of them once', async () => {
    const { app, published } = await createGatewayUnderTest();
    const edited = { text: 'Hello, world', updated_at: 1302623400 };
    const told = [
      {},
      edited,
      { text: 'deleted', deleted_at: 1302623500 },
      { attachments: [{ type: 'image' }] },
    ];
    for (const changes of [...told, ...told]) await post(app, callbackBody(changes));
    expect(published.map(({ body }) => body)).toEqual(
      told.map((changes) => expect.objectContaining(changes)),
    );
    expect(new Set(published.map(({ messageId }) => messageId)).size).toBe(told.length);
  });

  it('knows a copy whatever the order of its fields and the spelling of its ids', async () => {
    const { app, published } = await createGatewayUnderTest();
    const attachments = [{ type: 'reply', reply_id: '9' }];
    const body = callbackBody({ user_id: '77', attachments });
    await post(app, body);
    const reordered = Object.fromEntries(Object.entries(body).toReversed());
    await post(app, { ...reordered, user_id: 77, attachments: [{ reply_id: '9', type: 'reply' }] });
    expect(published).toHaveLength(1);
  });

  it.each([
    ['a number', 1795610177317, '1795610177317'],
    ['a number beyond 2^53', '174000000000000123', '174000000000000123'],
    ['a fraction', 1.5, '1.5'],
    ['true', true, 'true'],
    ['a list', ['1'], '["1"]'],
    ['an object', { a: 1 }, '{"a":1}'],
  ])('takes %s for an id, and numbers for those of others', async (_what, id, text) => {
    const { app, published } = await createGatewayUnderTest();
    const fields = { id: 'ID', group_id: 90000001, user_id: 9001, sender_id: 9001, source_guid: 5 };
    const written = typeof id === 'string' ? id : JSON.stringify(id);
    const response = await post(app, JSON.stringify(callbackBody(fields)).replace('"ID"', written));
    expect(response.statusCode).toBe(200);
    const ids = { id: text, wbor_message_id: text, group_id: '90000001', user_id: '9001', sender_id: '9001' };
    expect(published[0]?.body).toMatchObject(ids);
  });

  it('never refuses a callback for the type of a field', async () => {
    const { app, published } = await createGatewayUnderTest();
    const values = [
      null,
      7,
      -1e300,
      true,
      '',
      'x',
      '\ud800',
      [],
      [[]],
      {},
      { a: { b: [null] } },
      '9'.repeat(500),
    ];
    const names = Object.keys(callbackBody()).filter((name) => name !== 'id');
    for (const name of names) {
      for (const value of values) {
        const response = await post(
          app,
          callbackBody({ id: `${name} ${JSON.stringify(value)}`, [name]: value }),
        );
        expect(response.statusCode, `${name}: ${JSON.stringify(value)}`).toBe(200);
      }
    }
    expect(published).toHaveLength(names.length * values.length);
  });

  it('takes a slash at the end of the URL', async () => {
    const { app, published } = await createGatewayUnderTest();
    const response = await post(app, callbackBody(), `/callback/${CALLBACK_SECRET}/`);
    expect([response.statusCode, published.length]).toEqual([200, 1]);
  });

  it('publishes copies that come at the same time once, and answers each after the confirm', async () => {
    const { app, published, onPublish } = await createGatewayUnderTest();
    const confirm = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    let publishes = 0;
    onPublish(() => {
      publishes += 1;
      started.resolve();
      return confirm.promise;
    });
    const responses = [post(app, callbackBody()), post(app, callbackBody())];
    await started.promise;
    confirm.resolve();
    expect((await Promise.all(responses)).map((response) => response.statusCode)).toEqual([200, 200]);
    expect([publishes, published.length]).toEqual([1, 1]);
  });

  it('gives a callback another chance after a failed publish, with the same AMQP message id', async () => {
    const { app, published, onPublish } = await createGatewayUnderTest();
    const ids: unknown[] = [];
    onPublish(async (message) => {
      ids.push(message.messageId);
      if (ids.length === 1) throw new PublishError('TIMEOUT', 'by the test');
    });
    const first = await post(app, callbackBody());
    expect(first.statusCode).toBe(503);
    expect(Number(first.headers['retry-after'])).toBeGreaterThan(0);
    expect((await post(app, callbackBody())).statusCode).toBe(200);
    expect(published).toHaveLength(1);
    expect(ids).toEqual([expect.any(String), ids[0]]);
  });

  it.each([['text/plain'], ['application/x-www-form-urlencoded'], ['application/octet-stream'], [undefined]])(
    'takes JSON that calls itself %s',
    async (contentType) => {
      const { app, published } = await createGatewayUnderTest();
      const response = await app.inject({
        method: 'POST',
        url: `/callback/${CALLBACK_SECRET}`,
        headers: contentType === undefined ? {} : { 'content-type': contentType },
        payload: Buffer.from(JSON.stringify(callbackBody())),
      });
      expect(response.statusCode).toBe(200);
      expect(published).toHaveLength(1);
    },
  );

  it.each([
    ['no JSON', 'text=hello'],
    ['nothing', ''],
    ['a list', '[]'],
    ['no id', JSON.stringify(callbackBody({ id: undefined }))],
    ['an empty id', JSON.stringify(callbackBody({ id: '' }))],
    ['a forbidden key', '{"id":"1","__proto__":{}}'],
  ])('answers 400 to %s and warns', async (_name, payload) => {
    const gateway = await createGatewayUnderTest();
    expect((await post(gateway.app, payload)).statusCode).toBe(400);
    expect(gateway.published).toEqual([]);
    expect(requestLines(gateway)).toMatchObject([{ level: 40, status: 400, route: '/callback/:secret' }]);
  });

  it('answers 413 above 256 KiB', async () => {
    const { app } = await createGatewayUnderTest();
    expect((await post(app, callbackBody({ text: 'x'.repeat(256 * 1024) }))).statusCode).toBe(413);
  });
});

describe('the callback secret', () => {
  it('answers a wrong one like a path that does not exist, whatever the body', async () => {
    const { app, published } = await createGatewayUnderTest();
    for (const payload of [callbackBody(), '{', '', 'x'.repeat(300 * 1024)]) {
      const wrong = await post(app, payload, '/callback/wrong');
      const unknown = await post(app, payload, '/nothing/here');
      expect(wrong.statusCode).toBe(404);
      expect([wrong.statusCode, wrong.body]).toEqual([unknown.statusCode, unknown.body]);
      const { date: _date, ...headers } = wrong.headers;
      expect(unknown.headers).toMatchObject(headers);
    }
    expect(published).toEqual([]);
  });

  it.each([
    '/callback',
    '/callback/',
    '/callback//',
    `/callback/${CALLBACK_SECRET}//`,
    `/callback/x${CALLBACK_SECRET}/`,
  ])('is needed in full: %s is 404', async (path) => {
    const { app, published } = await createGatewayUnderTest();
    expect((await post(app, callbackBody(), path)).statusCode).toBe(404);
    expect(published).toEqual([]);
  });

  it('may be as long as the settings allow', async () => {
    const secret = 'a'.repeat(256);
    const { app } = await createGatewayUnderTest({ callbackSecret: new Secret(secret) });
    expect((await post(app, callbackBody(), `/callback/${secret}`)).statusCode).toBe(200);
  });

  it('never reaches the log, not even on a mistyped path or a failure', async () => {
    const gateway = await createGatewayUnderTest();
    const { app } = gateway;
    await post(app, callbackBody());
    await post(app, 'no json');
    await post(app, callbackBody(), `/callback/guess-of-somebody`);
    await post(app, callbackBody(), `/calback/${CALLBACK_SECRET}`);
    await post(app, callbackBody(), `/callback/${CALLBACK_SECRET}/%zz`);
    await post(app, callbackBody(), `/callback/${CALLBACK_SECRET}${'x'.repeat(2_000)}`);
    await app.inject({ method: 'GET', url: `/callback/${CALLBACK_SECRET}` });
    gateway.setBrokerReady(false);
    await post(app, callbackBody({ id: '2' }));
    gateway.setBrokerReady(true);
    gateway.onPublish(async () => {
      throw new TypeError('unforeseen');
    });
    await post(app, callbackBody({ id: '3' }));
    expect(requestLines(gateway)).toHaveLength(9);
    for (const hidden of [CALLBACK_SECRET, 'guess-of-somebody', BOT_ID, 'Hello world']) {
      expect(gateway.logText()).not.toContain(hidden);
    }
    expect(requestLines(gateway)).toContainEqual(
      expect.objectContaining({ level: 40, reason: 'wrong_secret', status: 404, route: '/callback/:secret' }),
    );
  });

  it('is counted by reason when it is wrong', async () => {
    const { app, registry } = await createGatewayUnderTest();
    await post(app, callbackBody(), '/callback/wrong');
    expect(await registry.getSingleMetricAsString('gateway_callbacks_rejected_total')).toContain(
      '{reason="wrong_secret"} 1',
    );
  });

  it('turns into 429 after too many guesses, while the right one still passes', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: { send: 9, refused: 1, public: 9 } });
    expect((await post(app, callbackBody(), '/callback/a')).statusCode).toBe(404);
    expect((await post(app, callbackBody(), '/callback/b')).statusCode).toBe(429);
    expect((await post(app, callbackBody())).statusCode).toBe(200);
  });
});

describe('without a callback secret', () => {
  it('everything is 404', async () => {
    const { app, published } = await createGatewayUnderTest({ callbackSecret: undefined });
    for (const path of ['/callback', '/callback/undefined', `/callback/${CALLBACK_SECRET}`]) {
      expect((await post(app, callbackBody(), path)).statusCode).toBe(404);
    }
    expect(published).toEqual([]);
  });

  it('an open callback takes both paths', async () => {
    const { app, published } = await createGatewayUnderTest({
      callbackSecret: undefined,
      openCallback: true,
    });
    expect((await post(app, callbackBody({ id: '1' }), '/callback')).statusCode).toBe(200);
    expect((await post(app, callbackBody({ id: '2' }), '/callback/anything')).statusCode).toBe(200);
    expect(published).toHaveLength(2);
  });

  it('asking for an open callback beside a secret leaves it closed', async () => {
    const { app } = await createGatewayUnderTest({ openCallback: true });
    expect((await post(app, callbackBody(), '/callback')).statusCode).toBe(404);
    expect((await post(app, callbackBody(), '/callback/anything')).statusCode).toBe(404);
  });
});
