import { gzipSync, zstdCompressSync } from 'node:zlib';
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

  const gzipped = Buffer.concat([gzipSync(json('Café Niño')), Buffer.from('\r\n')]);

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
    ['UTF-16 that is declared as UTF-8', Buffer.from(json('Café Niño'), 'utf16le'), 'utf-8', ''],
    ["Python's name for ISO-8859-1", Buffer.from(json('Café Niño'), 'latin1'), 'latin_1', ''],
    ['Zstandard', zstdCompressSync(json('Café Niño')), 'utf-8', 'zstd'],
    ['gzip with a line break behind it', gzipped, 'utf-8', 'gzip;q=1.0, identity'],
    ['an encoding that nobody knows, of plain JSON', Buffer.from(json('Café Niño')), 'utf-8', 'aws-chunked'],
    ['an encoding that it has not', Buffer.from(json('Café Niño')), 'utf-8', 'br'],
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
      'UTF-7',
      Buffer.from(json('Caf+AOk-')),
      { 'content-type': 'application/json; charset=utf-7' },
      400,
      'MALFORMED_JSON',
      'charset',
    ],
    [
      'an unknown encoding',
      Buffer.from('8f3a'),
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
