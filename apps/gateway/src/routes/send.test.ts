import { PublishError, type PublishErrorCode } from '@wbor/amqp';
import { describe, expect, it } from 'vitest';
import { createGatewayUnderTest, PASSWORD, requestLines } from '../../test/gateway-under-test.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const bearer = { authorization: `Bearer ${PASSWORD}` };
const valid = { body: 'On battery', source: 'ups' };

describe('POST /send', () => {
  it('answers 202 and publishes the message without the password', async () => {
    const { app, published } = await createGatewayUnderTest();
    const response = await app.inject({
      method: 'POST',
      url: '/send',
      payload: { ...valid, password: PASSWORD },
    });
    expect(response.statusCode).toBe(202);
    const { status, wbor_message_id } = response.json();
    expect(status).toBe('queued');
    expect(wbor_message_id).toMatch(UUID);
    expect(published).toHaveLength(1);
    expect(published[0]?.routingKey).toBe('source.standard.ups');
    expect(JSON.stringify(published[0]?.body)).toBe(
      JSON.stringify({ body: 'On battery', source: 'ups', wbor_message_id }),
    );
  });

  it('keeps the id of the caller and gives copies the same AMQP message id', async () => {
    const { app, published } = await createGatewayUnderTest();
    const payload = { ...valid, wbor_message_id: 'ups-2026-11-24' };
    for (let copy = 0; copy < 2; copy += 1) {
      const response = await app.inject({ method: 'POST', url: '/send', payload, headers: bearer });
      expect(response.json()).toEqual({ status: 'queued', wbor_message_id: 'ups-2026-11-24' });
    }
    await app.inject({ method: 'POST', url: '/send', payload: valid, headers: bearer });
    expect(published[1]?.messageId).toBe(published[0]?.messageId);
    expect(published[2]?.messageId).not.toBe(published[0]?.messageId);
  });

  it('answers only after the confirm', async () => {
    const { app, onPublish } = await createGatewayUnderTest();
    const confirm = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    onPublish(() => {
      started.resolve();
      return confirm.promise;
    });
    let answered = false;
    const response = app
      .inject({ method: 'POST', url: '/send', payload: valid, headers: bearer })
      .then((done) => {
        answered = true;
        return done;
      });
    await started.promise;
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    confirm.resolve();
    expect((await response).statusCode).toBe(202);
  });

  it('names every fault of a bad request', async () => {
    const { app, published } = await createGatewayUnderTest();
    const response = await app.inject({
      method: 'POST',
      url: '/send',
      headers: bearer,
      payload: { body: 7, source: 'No Slug', images: ['ftp://x/a.png', 'http://x/b.png'], extra: 1, more: 2 },
    });
    expect(response.statusCode).toBe(400);
    const body = response.json();
    expect(body).toMatchObject({ statusCode: 400, code: 'INVALID_REQUEST', error: 'Bad Request' });
    expect(body.faults.map((fault: { path: string }) => fault.path).sort()).toEqual([
      'body',
      'extra',
      'images.0',
      'more',
      'source',
    ]);
    expect(published).toEqual([]);
  });

  it('says what is missing', async () => {
    const { app } = await createGatewayUnderTest();
    const empty = await app.inject({ method: 'POST', url: '/send', headers: bearer });
    expect(empty.json().faults).toEqual([{ path: '', message: 'the body is missing' }]);
    const payload = { body: 'x' };
    const anonymous = await app.inject({ method: 'POST', url: '/send', headers: bearer, payload });
    expect(anonymous.json().faults).toEqual([{ path: 'source', message: 'is missing' }]);
  });

  it.each(['twilio', 'groupme', 'command'])('refuses the reserved source %s', async (source) => {
    const { app } = await createGatewayUnderTest();
    const response = await app.inject({
      method: 'POST',
      url: '/send',
      headers: bearer,
      payload: { ...valid, source },
    });
    expect(response.statusCode).toBe(400);
    expect(response.json().faults).toEqual([{ path: 'source', message: 'is reserved' }]);
  });

  it('refuses an empty message, and takes one with pictures only', async () => {
    const { app, published } = await createGatewayUnderTest();
    const send = (payload: object) => app.inject({ method: 'POST', url: '/send', headers: bearer, payload });
    expect((await send({ source: 'standard', body: ' ' })).statusCode).toBe(400);
    expect((await send({ source: 'standard', images: ['https://x.test/a.png'] })).statusCode).toBe(202);
    expect(published.map((message) => message.routingKey)).toEqual(['source.standard']);
    expect(published[0]?.body).toMatchObject({ body: '', images: ['https://x.test/a.png'] });
  });

  it.each([
    ['text/plain', 'hello'],
    ['application/x-www-form-urlencoded', 'body=hello'],
    ['application/vnd.api+json', '{}'],
  ])('answers 415 to %s', async (contentType, payload) => {
    const { app } = await createGatewayUnderTest();
    const response = await app.inject({
      method: 'POST',
      url: '/send',
      headers: { ...bearer, 'content-type': contentType },
      payload,
    });
    expect(response.statusCode).toBe(415);
    expect(response.json().code).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  it.each(['{"body":', '{"__proto__":{"a":1}}', ''])('answers 400 to %j', async (payload) => {
    const { app } = await createGatewayUnderTest();
    const response = await app.inject({
      method: 'POST',
      url: '/send',
      headers: { ...bearer, 'content-type': 'application/json' },
      payload,
    });
    expect(response.statusCode).toBe(400);
    expect(response.json().code).toBe('MALFORMED_JSON');
  });

  it('answers 413 above 256 KiB and takes what is just below', async () => {
    const { app } = await createGatewayUnderTest();
    const sized = (bytes: number) => {
      const empty = JSON.stringify({ ...valid, padding: '' }).length;
      return JSON.stringify({ ...valid, padding: 'x'.repeat(bytes - empty) });
    };
    const send = (payload: string) =>
      app.inject({
        method: 'POST',
        url: '/send',
        headers: { ...bearer, 'content-type': 'application/json' },
        payload,
      });
    expect((await send(sized(256 * 1024 + 1))).statusCode).toBe(413);
    // Read and understood: only the unknown field is wrong with it.
    expect((await send(sized(256 * 1024))).json().faults).toEqual([
      { path: 'padding', message: 'is not a known field' },
    ]);
  });

  it.each<[PublishErrorCode, string]>([
    ['DISCONNECTED', 'BROKER_UNAVAILABLE'],
    ['NACKED', 'CONFIRM_TIMEOUT'],
    ['BUSY', 'BROKER_UNAVAILABLE'],
    ['CHANNEL_CLOSED', 'CONFIRM_TIMEOUT'],
    ['TIMEOUT', 'CONFIRM_TIMEOUT'],
    ['RETURNED', 'NO_RECEIVER'],
  ])('answers 503 with Retry-After when publishing ends with %s', async (code, shown) => {
    const { app, onPublish } = await createGatewayUnderTest();
    onPublish(async () => {
      throw new PublishError(code, 'by the test');
    });
    const response = await app.inject({ method: 'POST', url: '/send', payload: valid, headers: bearer });
    expect(response.statusCode).toBe(503);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
    expect(response.json()).toMatchObject({ code: shown, wbor_message_id: expect.stringMatching(UUID) });
  });

  it('does not wait for ever for a confirm, and says that the message may still arrive', async () => {
    const { app, onPublish } = await createGatewayUnderTest({ publishTimeoutMs: 20 });
    onPublish(() => new Promise(() => {}));
    const response = await app.inject({ method: 'POST', url: '/send', payload: valid, headers: bearer });
    expect(response.statusCode).toBe(503);
    expect(response.json().message).toContain('may still arrive');
  });

  it('answers 503 at once while the broker is away, and publishes nothing', async () => {
    const gateway = await createGatewayUnderTest();
    gateway.setBrokerReady(false);
    const send = () => gateway.app.inject({ method: 'POST', url: '/send', payload: valid, headers: bearer });
    const response = await send();
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
    expect(gateway.published).toEqual([]);
    gateway.setBrokerReady(true);
    expect((await send()).statusCode).toBe(202);
  });

  it('answers an unforeseen error with 500 and no detail', async () => {
    const { app, onPublish, logText } = await createGatewayUnderTest();
    onPublish(async () => {
      throw new TypeError('detail for the log');
    });
    const response = await app.inject({ method: 'POST', url: '/send', payload: valid, headers: bearer });
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('detail');
    expect(logText()).toContain('detail for the log');
  });

  it('logs one line with the id and without text or password', async () => {
    const gateway = await createGatewayUnderTest();
    await gateway.app.inject({
      method: 'POST',
      url: '/send?token=in-the-query',
      payload: { ...valid, password: PASSWORD, wbor_message_id: 'id-1' },
    });
    expect(requestLines(gateway)).toMatchObject([
      {
        method: 'POST',
        route: '/send',
        status: 202,
        wbor_message_id: 'id-1',
        source: 'ups',
        duration_ms: expect.any(Number),
      },
    ]);
    for (const hidden of [PASSWORD, 'On battery', 'in-the-query']) {
      expect(gateway.logText()).not.toContain(hidden);
    }
  });
});
