import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CALLBACK_SECRET, createGatewayUnderTest, PASSWORD } from '../../test/gateway-under-test.ts';
import { MAX_BODY_BYTES } from '../limits.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

const routes = [
  { url: '/send', field: 'body', fields: { source: 'azuracast' } },
  { url: `/callback/${CALLBACK_SECRET}`, field: 'text', fields: { id: '1', sender_type: 'user' } },
];

describe.each(routes)('the body of $url', ({ url, field, fields }) => {
  const json = (text: string) => JSON.stringify({ ...fields, [field]: text });

  async function post(payload: Buffer, headers: Record<string, string>) {
    const { app, published } = await createGatewayUnderTest();
    const auth = { authorization: `Bearer ${PASSWORD}` };
    const response = await app.inject({ method: 'POST', url, headers: { ...auth, ...headers }, payload });
    return { response, body: published[0]?.body as Record<string, unknown> | undefined };
  }

  it.each([
    ['declared ISO-8859-1', Buffer.from(json('Café Niño'), 'latin1'), 'iso-8859-1', ''],
    ['declared UTF-16', Buffer.from(json('Café Niño'), 'utf16le'), 'utf-16le', ''],
    ['gzip', gzipSync(json('Café Niño')), 'utf-8', 'gzip'],
    ['a NUL behind it', Buffer.from(`${json('Café Niño')}\u0000`), 'utf-8', 'identity'],
  ])('is understood: %s', async (_what, payload, charset, encoding) => {
    const headers = { 'content-type': `application/json; charset=${charset}`, 'content-encoding': encoding };
    const { response, body } = await post(payload, headers);
    expect(response.statusCode).toBeLessThan(300);
    expect(body).toMatchObject({ [field]: 'Café Niño' });
  });

  it.each([
    ['undeclared Latin-1', Buffer.from(json('Café'), 'latin1'), JSON_TYPE, 400, 'MALFORMED_JSON', 'UTF-8'],
    [
      'an unknown encoding',
      Buffer.from(json('a')),
      { ...JSON_TYPE, 'content-encoding': 'aes' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      '"aes"',
    ],
    [
      'a bomb',
      gzipSync(Buffer.alloc(20 * MAX_BODY_BYTES)),
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
      413,
      'BODY_TOO_LARGE',
      'larger than',
    ],
    [
      'a nesting bomb',
      Buffer.from(`{"id":"1","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`),
      JSON_TYPE,
      400,
      'MALFORMED_JSON',
      'nested',
    ],
  ])('is refused with a clear answer: %s', async (_what, payload, headers, status, code, words) => {
    const { response, body } = await post(payload, headers);
    expect(body).toBeUndefined();
    expect(response.statusCode).toBe(status);
    expect(response.json()).toMatchObject({ code, message: expect.stringContaining(words) });
  });
});
