import { connect } from 'node:net';
import { Secret } from '@wbor/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALLBACK_SECRET, createGatewayUnderTest, PASSWORD, tokensOf } from '../test/gateway-under-test.ts';
import { readHooksFile } from './templates/hook-templates.ts';

const SEND = '/send';
const CALLBACK = `/callback/${CALLBACK_SECRET}`;
const TOKEN = 'token-of-a-source';
const ENDEC_TOKEN = 'token-of-endec';
const AZURACAST_TOKEN = 'token-of-azuracast';
const BOTS_POST = `/bots/post?bot_id=${TOKEN}`;

const AZURACAST = '/hooks/azuracast';
const BASIC = `Basic ${Buffer.from(`x:${AZURACAST_TOKEN}`).toString('base64')}`;

let gateway: Awaited<ReturnType<typeof createGatewayUnderTest>>;
let port: number;
beforeAll(async () => {
  gateway = await createGatewayUnderTest({
    tokens: tokensOf({ [TOKEN]: 'script', [ENDEC_TOKEN]: 'endec', [AZURACAST_TOKEN]: 'azuracast' }),
    hooks: readHooksFile(new URL('../examples/hooks.json', import.meta.url).pathname),
    twilioAuthToken: new Secret('auth-token'),
    publicUrl: 'https://wbor.test',
    rateLimits: { send: 0, refused: 0, public: 0 },
  });
  // The real publish ends here, too, on what cannot be written as JSON.
  gateway.onPublish(async ({ body }) => void JSON.stringify(body));
  port = Number(new URL(await gateway.app.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterAll(() => gateway.app.close());

/** Sends bytes on a connection of their own and resolves with the status of the answer; 0 when there is none. */
function statusOf(bytes: string | Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes));
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1] ?? 0)));
  });
}

function request(path: string, body: string | Buffer, headers: Record<string, string> = {}, method = 'POST') {
  const all = {
    host: 'localhost',
    authorization: path.startsWith(AZURACAST)
      ? BASIC
      : `Bearer ${path.startsWith('/hooks') ? TOKEN : PASSWORD}`,
    'x-github-event': 'push',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'),
    Buffer.from(body),
  ]);
}

const fields = '"source":"ups","body":"hello","id":"1"';
const deep = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);

const bodies: readonly (readonly [string, string | Buffer])[] = [
  ['nothing', ''],
  ['null', 'null'],
  ['a number', '1'],
  ['a text', '"a"'],
  ['a list', '[{}]'],
  ['lists in lists', `{${fields},"x":${deep('[', ']', 100_000)}}`],
  ['lists in lists, alone', deep('[', ']', 120_000)],
  ['lists without an end', '['.repeat(250_000)],
  ['objects in objects', `{${fields},"x":${deep('{"a":', '}', 30_000).replace('{}', '{"a":1}')}}`],
  ['objects without an end', '{"a":'.repeat(50_000)],
  ['lists just deep enough', `{${fields},"x":${deep('[', ']', 150)}}`],
  ['images in lists in lists', `{"source":"ups","body":"a","id":"2","images":${deep('[', ']', 150)}}`],
  ['keys twice', `{${fields},"source":7,"id":2,"body":["a"]}`],
  ['__proto__', `{${fields},"__proto__":{"a":1}}`],
  ['__proto__ spelt in escapes', `{${fields},"\\u005f_proto__":{"a":1}}`],
  ['constructor', `{${fields},"constructor":{"prototype":{"a":1}}}`],
  ['hasOwnProperty', `{${fields},"hasOwnProperty":1,"toString":2,"toJSON":3}`],
  ['a huge number', `{${fields},"x":1e400000,"created_at":1e400000}`],
  ['a number of many digits', `{"source":"ups","body":"a","id":${'9'.repeat(100_000)}}`],
  ['half a character', '{"source":"ups","body":"\\ud800","id":"\\udfff","text":"\\ud800"}'],
  ['half a character in the ids', '{"source":"\\ud800","body":"a","id":"a","wbor_message_id":"\\ud800"}'],
  ['NUL', '{"source":"ups","body":"a\\u0000b","id":"\\u0000"}'],
  [
    'long ids',
    `{"source":"${'a'.repeat(100_000)}","body":"a","wbor_message_id":"${'b'.repeat(100_000)}","id":"3"}`,
  ],
  ['a long field', `{${fields},"${'k'.repeat(200_000)}":1}`],
  ['many fields', `{${fields},${Array.from({ length: 10_000 }, (_, index) => `"f${index}":1`).join(',')}}`],
  ['many wrong pictures', `{${fields},"images":[${'7,'.repeat(50_000)}7]}`],
  ['spaces', ' '.repeat(200_000)],
  ['bytes', Buffer.from(Array.from({ length: 256 }, (_, index) => index))],
];

const PATHS = [
  SEND,
  CALLBACK,
  BOTS_POST,
  '/bots/post',
  AZURACAST,
  `/hooks/endec/${ENDEC_TOKEN}`,
  '/hooks/endec/wrong',
  '/hooks/twilio/sms',
  `/hooks/github?token=${TOKEN}`,
  `/hooks/grafana?token=${TOKEN}`,
  '/hooks/nothing',
  '/callback/wrong',
  '/',
  '/nothing',
];

describe.each(PATHS)('%s', (path) => {
  it.each(bodies)('answers a body of %s with no 5xx', async (_what, body) => {
    const status = await statusOf(request(path, body));
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(500);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY', 'NONSENSE'])(
    'answers %s with no 5xx',
    async (method) => {
      for (const body of ['', `{${fields}}`]) {
        const status = await statusOf(request(path, body, {}, method));
        expect(status).toBeGreaterThanOrEqual(200);
        expect(status).toBeLessThan(500);
      }
    },
  );

  it.each<Record<string, string>>([
    { 'content-type': '' },
    { 'content-type': ';' },
    { 'content-type': `application/json; ${'a=b;'.repeat(1_000)}` },
    { 'content-type': 'application/json, text/plain' },
    { 'content-type': 'APPLICATION/JSON; CHARSET="' },
    { 'content-type': '__proto__/constructor' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-encoding': 'gzip, br, deflate, gzip' },
    { 'content-encoding': '__proto__' },
    { 'content-length': '-1' },
    { 'content-length': '1e3' },
    { 'content-length': '99999999999999999999' },
    { 'content-length': '5, 6' },
    { 'transfer-encoding': 'chunked' },
    { 'transfer-encoding': 'identity', 'content-length': '3' },
    { expect: '200-ok' },
    { authorization: `Bearer ${'x'.repeat(10_000)}` },
    { authorization: '\xff\xfe' },
    { upgrade: 'websocket', connection: 'upgrade' },
    { 'x-forwarded-for': '::, a, '.repeat(500) },
    { prefer: 'wait=1e99', 'idempotency-key': '\xff' },
    { x: 'y'.repeat(20_000) },
  ])('answers the headers %j with no 5xx', async (headers) => {
    const status = await statusOf(request(path, `{${fields}}`, headers));
    // A body that never comes, or that belongs to no request, has no answer.
    if (status !== 0) expect(status).toBeLessThan(500);
  });

  it.each([
    `?${deep('a[', ']', 5_000).slice(0, 10_000)}=1`,
    '?__proto__[a]=1&constructor=2',
    `?${'a&'.repeat(4_000)}`,
    '?%zz=%ff',
    '/..%2f..%2f',
    '/%00',
    `/${'a'.repeat(2_000)}`,
    '//////',
  ])('answers %s behind the path with no 5xx', async (suffix) => {
    const status = await statusOf(request(`${path}${suffix}`, `{${fields}}`));
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(500);
  });
});

it('names bounded faults, and does not log the names of unknown fields', async () => {
  const fieldNames = Array.from(
    { length: 1_000 },
    (_, index) => `"call 2075550100 ${index} ${'k'.repeat(200)}":1`,
  );
  const response = await gateway.app.inject({
    method: 'POST',
    url: SEND,
    headers: { authorization: `Bearer ${PASSWORD}`, 'content-type': 'application/json' },
    payload: `{${fields},${fieldNames.join(',')}}`,
  });
  expect(response.statusCode).toBe(400);
  expect(response.body.length).toBeLessThan(10_000);
  expect(response.json().message).toContain('more faults');
  expect(gateway.logText()).not.toContain('2075550100');
});

it('still takes a good message afterwards', async () => {
  expect(await statusOf(request(SEND, '{"source":"ups","body":"hello"}'))).toBe(202);
  expect(await statusOf(request(CALLBACK, '{"id":"afterwards"}'))).toBe(200);
  expect(await statusOf(request(BOTS_POST, '{"text":"hello"}'))).toBe(202);
  expect(await statusOf(request(AZURACAST, '{}'))).toBe(200);
  expect(await statusOf(request('/hooks/github', '{}'))).toBe(200);
});
