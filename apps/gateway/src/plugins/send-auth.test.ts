import { Secret } from '@wbor/service';
import { describe, expect, it } from 'vitest';
import { createGatewayUnderTest, PASSWORD } from '../../test/gateway-under-test.ts';

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
