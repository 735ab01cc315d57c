import { Secret } from '@wbor/service';
import { describe, expect, it } from 'vitest';
import { createGatewayUnderTest, PASSWORD, requestLines } from '../../test/gateway-under-test.ts';
import type { TokenStore } from '../tokens/token-store.ts';

const valid = { body: 'hello', source: 'standard' };

describe('authentication of /send', () => {
  it.each<[string, object, Record<string, string>]>([
    ['no password', valid, {}],
    ['a wrong password', { ...valid, password: 'wrong' }, {}],
    ['a password that is no string', { ...valid, password: [PASSWORD] }, {}],
    ['a longer password', { ...valid, password: `${PASSWORD}x` }, {}],
    ['an empty password', { ...valid, password: '' }, {}],
    ['a wrong token', valid, { authorization: 'Bearer wrong' }],
    [
      'a wrong token beside the right password',
      { ...valid, password: PASSWORD },
      { authorization: 'Bearer no' },
    ],
    ['another scheme', valid, { authorization: `Basic ${PASSWORD}` }],
  ])('refuses %s', async (_name, payload, headers) => {
    const { app, published } = await createGatewayUnderTest();
    const response = await app.inject({ method: 'POST', url: '/send', payload, headers });
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer');
    expect(response.json()).toMatchObject({ statusCode: 401, code: 'UNAUTHORIZED', error: 'Unauthorized' });
    expect(published).toEqual([]);
  });

  it('tells a stranger nothing about what is wrong with the body', async () => {
    const { app } = await createGatewayUnderTest();
    for (const payload of [{}, [], { nonsense: true }]) {
      const response = await app.inject({ method: 'POST', url: '/send', payload });
      expect(response.statusCode).toBe(401);
      expect(response.json().faults).toBeUndefined();
    }
  });

  it('takes a password that is not ASCII, in the header too', async () => {
    const { app } = await createGatewayUnderTest({ password: new Secret('pässwörd-☃') });
    const headers = { authorization: `Bearer ${Buffer.from('pässwörd-☃').toString('latin1')}` };
    const byHeader = await app.inject({ method: 'POST', url: '/send', payload: valid, headers });
    expect(byHeader.statusCode).toBe(202);
    const payload = { ...valid, password: 'pässwörd-☃' };
    expect((await app.inject({ method: 'POST', url: '/send', payload })).statusCode).toBe(202);
  });

  it('refuses everybody when no password is set', async () => {
    const { app } = await createGatewayUnderTest({ password: undefined });
    for (const password of ['', 'undefined', PASSWORD]) {
      const response = await app.inject({ method: 'POST', url: '/send', payload: { ...valid, password } });
      expect(response.statusCode).toBe(401);
    }
  });

  it('keeps a wrong password out of the log', async () => {
    const { app, logText } = await createGatewayUnderTest();
    await app.inject({ method: 'POST', url: '/send', payload: { ...valid, password: 'nearly-right' } });
    await app.inject({
      method: 'POST',
      url: '/send',
      headers: { 'content-type': 'application/json' },
      payload: '{"password":"nearly-right",',
    });
    expect(logText()).toContain('unauthorized');
    expect(logText()).toContain('malformed_json');
    expect(logText()).not.toContain('nearly-right');
  });
});

it('says that a message is urgent for who may, and never keeps the message of who may not', async () => {
  const tokens: TokenStore = {
    find: (given) =>
      ({ plain: { id: '1', source: 'ups' }, fast: { id: '2', source: 'ups', mayBeUrgent: true } })[
        String(given)
      ],
    list: () => [],
    fault: undefined,
    close: () => {},
  };
  const gateway = await createGatewayUnderTest({ tokens });
  const send = async (secret: string, fields: object) => {
    const headers = { authorization: `Bearer ${secret}` };
    const payload = { ...valid, source: 'ups', ...fields };
    return (await gateway.app.inject({ method: 'POST', url: '/send', payload, headers })).statusCode;
  };
  for (const secret of [PASSWORD, 'fast', 'plain']) expect(await send(secret, { urgent: true })).toBe(202);
  expect(await send(PASSWORD, { urgent: false })).toBe(202);
  expect(await send(PASSWORD, { urgent: true, alreadysent: true })).toBe(202);
  const marked = gateway.published.map(({ body }) => (body as { urgent?: unknown }).urgent);
  expect(marked).toEqual([true, true, undefined, undefined, undefined]);
  const reasons = requestLines(gateway).map(({ reason }) => reason);
  expect(reasons).toEqual([undefined, undefined, 'urgent_not_allowed', undefined, undefined]);
});

describe('a token of a source', () => {
  const tokens: TokenStore = {
    find: (given) => (given === 'token-of-ups' ? { id: '0a1b2c3d', source: 'ups' } : undefined),
    list: () => [],
    fault: undefined,
    close: () => {},
  };
  const headers = { authorization: 'Bearer token-of-ups' };

  it('speaks for its source, named or not, and its id is in the log', async () => {
    const gateway = await createGatewayUnderTest({ tokens, password: undefined });
    for (const payload of [
      { body: 'hello' },
      { body: 'hello', source: 'ups' },
      { body: 'hello', source: null },
    ]) {
      const response = await gateway.app.inject({ method: 'POST', url: '/send', payload, headers });
      expect(response.statusCode).toBe(202);
    }
    expect(gateway.published.map(({ routingKey }) => routingKey)).toEqual(
      Array(3).fill('source.standard.ups'),
    );
    expect(requestLines(gateway)[0]).toMatchObject({ token: '0a1b2c3d', source: 'ups' });
    expect(gateway.logText()).not.toContain('token-of-ups');
  });

  it('counts as password in the body, too', async () => {
    const { app } = await createGatewayUnderTest({ tokens });
    const payload = { body: 'hello', password: 'token-of-ups' };
    expect((await app.inject({ method: 'POST', url: '/send', payload })).statusCode).toBe(202);
  });

  it.each(['standard', 'UPS', 7, ['ups', 'x'], { a: 1 }])('does not speak for %j', async (source) => {
    const { app, published } = await createGatewayUnderTest({ tokens });
    const payload = { body: 'hello', source };
    const response = await app.inject({ method: 'POST', url: '/send', payload, headers });
    expect(response.statusCode).toBe(403);
    expect(response.json()).toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('ups alone'),
    });
    expect(published).toEqual([]);
  });

  it('has a budget of its own, wherever its calls come from', async () => {
    const { app } = await createGatewayUnderTest({ tokens, rateLimits: { send: 2, refused: 9, public: 9 } });
    const send = (remoteAddress: string, payload: object, authorization: string) =>
      app.inject({ method: 'POST', url: '/send', payload, remoteAddress, headers: { authorization } });
    const statuses: number[] = [];
    for (const host of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) {
      statuses.push((await send(host, { body: 'x' }, headers.authorization)).statusCode);
    }
    expect(statuses).toEqual([202, 202, 429]);
    const other = await send('203.0.113.1', { body: 'x', source: 'ups' }, `Bearer ${PASSWORD}`);
    expect(other.statusCode).toBe(202);
  });
});
