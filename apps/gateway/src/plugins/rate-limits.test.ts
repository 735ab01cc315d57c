import type { FastifyInstance } from 'fastify';
import { describe, expect, it } from 'vitest';
import { createGatewayUnderTest, PASSWORD } from '../../test/gateway-under-test.ts';

const valid = { body: 'hello', source: 'standard' };
const STRANGER = '203.0.113.9';

function send(app: FastifyInstance, password: string, remoteAddress = STRANGER, forwardedFor?: string) {
  return app.inject({
    method: 'POST',
    url: '/send',
    payload: { ...valid, password },
    remoteAddress,
    headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  });
}

const limits = { send: 3, refused: 2, public: 2 };

describe('rate limits', () => {
  it('turns refusals of one address into 429 with Retry-After', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: limits });
    expect((await send(app, 'wrong')).statusCode).toBe(401);
    expect((await app.inject({ url: '/no-such-path', remoteAddress: STRANGER })).statusCode).toBe(404);
    const limited = await send(app, 'wrong');
    expect(limited.statusCode).toBe(429);
    expect(limited.json()).toMatchObject({ code: 'RATE_LIMITED', error: 'Too Many Requests' });
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect((await app.inject({ url: '/no-such-path', remoteAddress: STRANGER })).statusCode).toBe(429);
    expect((await send(app, 'wrong', '203.0.113.10')).statusCode).toBe(401);
  });

  it('lets the right password pass from an address whose refusals are used up', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: limits });
    for (let attempt = 0; attempt < 10; attempt += 1) await send(app, 'wrong');
    expect((await send(app, PASSWORD)).statusCode).toBe(202);
  });

  it('limits a producer, and neither another one nor the same source elsewhere', async () => {
    const { app, published } = await createGatewayUnderTest({ rateLimits: limits });
    for (let call = 0; call < 3; call += 1) expect((await send(app, PASSWORD)).statusCode).toBe(202);
    const limited = await send(app, PASSWORD);
    expect(limited.statusCode).toBe(429);
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect(published).toHaveLength(3);
    const payload = { ...valid, source: 'endec', password: PASSWORD };
    const other = await app.inject({ method: 'POST', url: '/send', payload, remoteAddress: STRANGER });
    expect(other.statusCode).toBe(202);
    expect((await send(app, PASSWORD, '203.0.113.10')).statusCode).toBe(202);
  });

  it('counts bodies without a usable source together', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: limits });
    const statuses: number[] = [];
    for (const source of [undefined, { a: 7 }, ['ups'], null]) {
      const payload = { body: 'hello', source, password: PASSWORD };
      statuses.push((await app.inject({ method: 'POST', url: '/send', payload })).statusCode);
    }
    expect(statuses).toEqual([400, 400, 400, 429]);
  });

  it('counts requests that are not even JSON', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: limits });
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const headers = { 'content-type': 'application/json' };
      statuses.push((await app.inject({ method: 'POST', url: '/send', headers, payload: '{' })).statusCode);
    }
    expect(statuses).toEqual([400, 400, 429]);
  });

  it('are off at 0', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: { send: 0, refused: 0, public: 0 } });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await app.inject('/')).statusCode).toBe(200);
      expect((await send(app, PASSWORD)).statusCode).toBe(202);
      expect((await send(app, 'wrong')).statusCode).toBe(401);
    }
  });

  it('does not count mistakes of a caller who has the password as refusals', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: { ...limits, send: 9 } });
    const payload = { password: PASSWORD, source: 'NO SLUG' };
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await app.inject({ method: 'POST', url: '/send', payload })).statusCode).toBe(400);
    }
    expect((await app.inject('/no-such-path')).statusCode).toBe(404);
  });

  it('limits public pages by address', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: limits });
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      statuses.push((await app.inject({ url: '/', remoteAddress: STRANGER })).statusCode);
    }
    expect(statuses).toEqual([200, 200, 429]);
    expect((await app.inject({ url: '/', remoteAddress: '203.0.113.10' })).statusCode).toBe(200);
  });

  it('counts an IPv6 network as one address', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: limits });
    for (const host of ['1', '2']) await send(app, 'wrong', `2001:db8:1:1::${host}`);
    expect((await send(app, 'wrong', '2001:db8:1:1::3')).statusCode).toBe(429);
    expect((await send(app, 'wrong', '2001:db8:1:2::1')).statusCode).toBe(401);
  });

  it('ignores X-Forwarded-For of a caller that is no trusted proxy', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: limits });
    for (const forged of ['198.51.100.1', '198.51.100.2']) await send(app, 'wrong', STRANGER, forged);
    expect((await send(app, 'wrong', STRANGER, '198.51.100.3')).statusCode).toBe(429);
  });

  it('tells callers behind a trusted proxy apart, and not by what they forge', async () => {
    const { app } = await createGatewayUnderTest({ rateLimits: limits, trustProxy: ['loopback'] });
    for (const forged of ['10.9.9.1', '10.9.9.2']) {
      await send(app, 'wrong', '127.0.0.1', `${forged}, 198.51.100.1`);
    }
    expect((await send(app, 'wrong', '127.0.0.1', '10.9.9.3, 198.51.100.1')).statusCode).toBe(429);
    expect((await send(app, 'wrong', '127.0.0.1', '198.51.100.2')).statusCode).toBe(401);
  });
});
