import { connect } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import {
  CALLBACK_SECRET,
  createGatewayUnderTest,
  type GatewayUnderTest,
  PASSWORD,
} from '../test/gateway-under-test.ts';

let open: FastifyInstance | undefined;
afterEach(() => open?.close());

async function listen(gateway: GatewayUnderTest): Promise<{ url: string; port: number }> {
  open = gateway.app;
  const url = await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  return { url, port: Number(new URL(url).port) };
}

/** Sends bytes and resolves with all that came back once the other side has closed. */
function exchangeBytes(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
  });
}

describe('the pages', () => {
  it('answers OK at /', async () => {
    const { app } = await createGatewayUnderTest();
    const response = await app.inject('/');
    expect([response.statusCode, response.body]).toEqual([200, 'OK']);
    expect(response.headers['content-type']).toContain('text/plain');
    expect(response.headers['x-content-type-options']).toBe('nosniff');
  });

  it.each([
    ['GET', '/nothing'],
    ['GET', '/send'],
    ['PUT', '/send'],
    ['GET', '/%zz'],
    ['GET', '/send/'],
  ] as const)('answers %s %s with 404 in the shape of all errors', async (method, url) => {
    const { app } = await createGatewayUnderTest();
    const response = await app.inject({ method, url });
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      statusCode: 404,
      code: 'NOT_FOUND',
      error: 'Not Found',
      message: expect.any(String),
    });
  });

  it('describes /send in OpenAPI, every refusal included', async () => {
    const { app } = await createGatewayUnderTest();
    const document = (await app.inject('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const { post } = document.paths['/send'];
    expect(Object.keys(post.responses)).toEqual([
      '200',
      '202',
      '400',
      '401',
      '403',
      '413',
      '415',
      '429',
      '502',
      '503',
      '504',
    ]);
    const schemaOf = (status: string) => post.responses[status].content['application/json'].schema;
    expect(schemaOf('400').required).toEqual(['statusCode', 'code', 'error', 'message']);
    expect(post.requestBody.content['application/json'].schema.properties).toHaveProperty('wbor_message_id');
    expect(Object.keys(document.paths)).toEqual([
      '/send/{wbor_message_id}',
      '/send',
      '/bots/post',
      '/hooks/azuracast',
      '/hooks/endec/{token}',
      '/hooks/twilio/sms',
      '/hooks/{name}',
      '/callback/{secret}',
    ]);
  });

  it('shows the reference page from this server alone', async () => {
    const { app } = await createGatewayUnderTest();
    const page = await app.inject('/reference/');
    expect(page.statusCode).toBe(200);
    const scripts = [...page.body.matchAll(/<script[^>]* src="([^"]+)"/g)].map((match) => match[1]);
    expect(scripts).toEqual(['js/scalar.js']);
    expect(page.body).not.toMatch(/https?:\/\//);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("connect-src 'self'");
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none';
    expect(page.body.match(/<script[^>]* nonce="([^"]+)"/g)).toHaveLength(2);
    expect(page.body).toContain(`nonce="${nonce}"`);
    const script = await app.inject('/reference/js/scalar.js');
    expect(script.headers['content-type']).toContain('javascript');
    expect(script.body.length).toBeGreaterThan(1_000_000);
  });

  it('refuses a Host header that is none', async () => {
    const { app } = await createGatewayUnderTest();
    const response = await app.inject({ url: '/reference/', headers: { host: 'a b' } });
    expect(response.statusCode).toBe(400);
  });

  it('counts requests by route pattern and status', async () => {
    const { app, registry } = await createGatewayUnderTest();
    await app.inject('/');
    await app.inject('/somewhere/else');
    await app.inject({ method: 'POST', url: '/send', payload: {} });
    const metrics = await registry.getSingleMetricAsString('gateway_http_requests_total');
    expect(metrics).toContain('{method="GET",route="/",status="200"} 1');
    expect(metrics).toContain('{method="GET",route="unmatched",status="404"} 1');
    expect(metrics).toContain('{method="POST",route="/send",status="401"} 1');
  });
});

describe('bytes that are no HTTP', () => {
  it('are answered 400 in the shape of all errors, and the log does not hold them', async () => {
    const gateway = await createGatewayUnderTest();
    const { port } = await listen(gateway);
    const received = await exchangeBytes(
      port,
      `POST /callback/${CALLBACK_SECRET} HTTP/1.1\r\nno header\r\n\r\n`,
    );
    expect(received).toMatch(/^HTTP\/1.1 400 Bad Request/);
    expect(JSON.parse(received.split('\r\n\r\n')[1] ?? '')).toMatchObject({
      statusCode: 400,
      code: 'REFUSED',
    });
    expect(gateway.logText()).not.toContain(CALLBACK_SECRET);
  });
});

describe('closing', () => {
  it('answers what is in flight, then ends although the client keeps its connection', async () => {
    const gateway = await createGatewayUnderTest();
    const { url, port } = await listen(gateway);
    const confirm = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    gateway.onPublish(() => {
      started.resolve();
      return confirm.promise;
    });
    // fetch keeps connections alive: without help the close would wait for them.
    const response = fetch(`${url}/send`, {
      method: 'POST',
      headers: { authorization: `Bearer ${PASSWORD}`, 'content-type': 'application/json' },
      body: JSON.stringify({ source: 'ups', body: 'x' }),
    });
    await started.promise;
    const closed = gateway.app.close();
    // No longer accepted, while the one in flight is still being answered.
    await expect
      .poll(() =>
        exchangeBytes(port, 'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n').then(
          () => 'accepted',
          () => 'refused',
        ),
      )
      .toBe('refused');
    confirm.resolve();
    expect((await response).status).toBe(202);
    await closed;
    expect(gateway.published).toHaveLength(1);
  });
});
