import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  type HttpRecorder,
  serveBytes,
  serveEndlessly,
  serveJson,
  serveNothing,
  serveRedirect,
  serveSlowly,
  startHttpServer,
} from '../src/index.ts';

let server: HttpRecorder;

beforeEach(async () => {
  const created = await startHttpServer({
    'GET /picture': serveBytes(Buffer.from([1, 2, 3]), 'image/png'),
    'POST /posts': serveJson({ ok: true }, 202),
    '/old': serveRedirect('/picture'),
    '/slow': serveSlowly(Buffer.from('abc'), 'text/plain', 1),
    '/endless': serveEndlessly(Buffer.alloc(65_536), 'image/png'),
    '/silent': serveNothing,
  });
  server = created;
  onTestFinished(() => created.dispose());
});

test('answers by method and path, and remembers what was asked', async () => {
  const waiting = server.waitForRequest((request) => request.method === 'POST');
  const response = await fetch(`${server.url}/posts?token=x`, {
    method: 'POST',
    headers: { 'x-mark': 'm' },
    body: '{"text":"hi"}',
  });
  expect(response.status).toBe(202);
  expect(await response.json()).toEqual({ ok: true });
  expect(await waiting).toMatchObject({
    path: '/posts?token=x',
    headers: { 'x-mark': 'm' },
    json: { text: 'hi' },
  });
  expect((await fetch(`${server.url}/posts`)).status).toBe(404);
  expect(server.requests.map((request) => request.method)).toEqual(['POST', 'GET']);
});

test('serves bytes, redirects and slow bodies', async () => {
  const picture = await fetch(`${server.url}/old`);
  expect(picture.headers.get('content-length')).toBe('3');
  expect([...new Uint8Array(await picture.arrayBuffer())]).toEqual([1, 2, 3]);
  expect(await (await fetch(`${server.url}/slow`)).text()).toBe('abc');
});

test('an endless body ends with its reader, a silent one with the server', async () => {
  const response = await fetch(`${server.url}/endless`);
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > 1_000_000) break;
  }
  const silent = fetch(`${server.url}/silent`);
  const failed = expect(silent).rejects.toThrow();
  await server.waitForRequest((request) => request.path === '/silent');
  await server.dispose();
  await failed;
});
