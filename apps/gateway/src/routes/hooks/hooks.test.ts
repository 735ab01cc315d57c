import { createHmac } from 'node:crypto';
import { azuracastMessage, endecMessage } from '@wbor/contracts';
import { Secret } from '@wbor/service';
import { describe, expect, it } from 'vitest';
import { createGatewayUnderTest, requestLines, tokensOf } from '../../../test/gateway-under-test.ts';
import { readHooksFile } from '../../templates/hook-templates.ts';

const tokens = tokensOf({
  't-azuracast': 'azuracast',
  't-endec': 'endec',
  't-kuma': 'uptime-kuma',
  't-git': 'github',
});
const hooks = readHooksFile(new URL('../../../examples/hooks.json', import.meta.url).pathname);
const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`anybody:${password}`).toString('base64')}`,
});

async function createUnderTest(settings = {}) {
  const gateway = await createGatewayUnderTest({
    tokens,
    hooks,
    twilioAuthToken: new Secret('twilio-auth-token'),
    publicUrl: 'https://wbor.test/proxied',
    ...settings,
  });
  const post = (url: string, payload: string | object, headers: Record<string, string> = {}) =>
    gateway.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload,
    });
  return { ...gateway, post };
}

describe('/hooks/azuracast', () => {
  const state = azuracastMessage.example.now_playing ?? {};

  it('publishes the state as it came, and whose it is', async () => {
    const { post, published } = await createUnderTest();
    const response = await post('/hooks/azuracast', state, basic('t-azuracast'));
    expect([response.statusCode, response.body]).toEqual([200, 'OK']);
    expect(published).toEqual([
      {
        routingKey: 'source.azuracast.nowplaying',
        messageId: expect.any(String),
        body: { station: 'wbor', received_at: expect.any(Number), now_playing: state },
      },
    ]);
    expect(JSON.stringify(published[0]?.body)).toContain(JSON.stringify(state));
  });

  it.each([
    [{ shortcode: 'WBOR 91.1' }, 'wbor-91-1'],
    [{ shortcode: 7 }, '7'],
    [{ shortcode: '\ud800' }, 'azuracast'],
    [null, 'azuracast'],
    [undefined, 'azuracast'],
    ['x', 'azuracast'],
  ])('names the station %j %s', async (station, slug) => {
    const { post, published } = await createUnderTest();
    expect((await post('/hooks/azuracast', { station }, basic('t-azuracast'))).statusCode).toBe(200);
    expect(published[0]?.body).toMatchObject({ station: slug });
  });

  it('is 401 without a token, 403 with that of another source, 400 without an object', async () => {
    const { post, published } = await createUnderTest();
    for (const headers of [
      {},
      basic('wrong'),
      { authorization: 'Basic !' },
      { authorization: 'Bearer t-azuracast' },
    ]) {
      const response = await post('/hooks/azuracast', state, headers as Record<string, string>);
      expect([response.statusCode, response.headers['www-authenticate']]).toEqual([
        401,
        'Basic realm="hooks"',
      ]);
    }
    expect((await post('/hooks/azuracast', state, basic('t-endec'))).statusCode).toBe(403);
    expect((await post('/hooks/azuracast', '[]', basic('t-azuracast'))).statusCode).toBe(400);
    expect(published).toEqual([]);
  });
});

describe('/hooks/endec/:token', () => {
  it('publishes the alert', async () => {
    const { post, published } = await createUnderTest();
    expect((await post('/hooks/endec/t-endec', endecMessage.example)).statusCode).toBe(200);
    expect((await post('/hooks/endec/t-endec/', { message_text: 'Plain', eas_data: {} })).statusCode).toBe(
      200,
    );
    expect(published.map(({ body, routingKey }) => [routingKey, body])).toEqual([
      ['source.endec.alert', endecMessage.example],
      ['source.endec.alert', { message_text: 'Plain', eas_data: {} }],
    ]);
  });

  it('answers a wrong token like a path that does not exist, whatever the body', async () => {
    const gateway = await createUnderTest();
    const unknown = await gateway.post('/no/such/path', {});
    for (const [token, body] of [
      ['guess', '{'],
      ['t-kuma', '{}'],
      ['%00', '{}'],
    ] as const) {
      const response = await gateway.post(`/hooks/endec/${token}`, body);
      expect([response.statusCode, response.body]).toEqual([404, unknown.body]);
    }
    expect(gateway.logText()).not.toMatch(/guess|t-kuma/);
  });

  it('is 400 to an alert that says nothing', async () => {
    const { post } = await createUnderTest();
    for (const body of [{}, { message_text: ' ' }, { eas_data: 7 }, []]) {
      expect((await post('/hooks/endec/t-endec', body)).statusCode).toBe(400);
    }
  });
});

describe('/hooks/twilio/sms', () => {
  const form = {
    ToCountry: 'US',
    MessageSid: 'SM00000000000000000000000000000001',
    Body: 'Great show! 100% + é',
    From: '+12075550123',
    NumMedia: '0',
    __note: 'x',
  };
  const sign = (
    fields: Record<string, string>,
    url = 'https://wbor.test/proxied/hooks/twilio/sms',
    key = 'twilio-auth-token',
  ) =>
    createHmac('sha1', key)
      .update(
        url +
          Object.keys(fields)
            .sort()
            .map((name) => name + fields[name])
            .join(''),
      )
      .digest('base64');
  const headers = (signature: string) => ({
    'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
    'x-twilio-signature': signature,
  });
  const URL_OF_HOOK = '/hooks/twilio/sms';
  const encode = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

  it('publishes what the SMS service would, and answers with TwiML', async () => {
    const { post, published } = await createUnderTest();
    const response = await post(URL_OF_HOOK, encode(form), headers(sign(form)));
    expect([response.statusCode, response.body]).toEqual([200, '<Response/>']);
    expect(response.headers['content-type']).toContain('text/xml');
    expect(published).toEqual([
      {
        routingKey: 'source.twilio.sms.incoming',
        messageId: expect.any(String),
        body: {
          SenderName: 'Unknown',
          ...form,
          wbor_message_id: expect.any(String),
          source: 'twilio',
          type: 'sms.incoming',
        },
        headers: { 'x-no-fallback': true },
      },
    ]);
  });

  it('gives a call that is repeated the same ids and bytes, and another one others', async () => {
    const { post, published } = await createUnderTest();
    const other = { ...form, MessageSid: 'SM2' };
    for (const fields of [form, form, other]) await post(URL_OF_HOOK, encode(fields), headers(sign(fields)));
    expect(JSON.stringify(published[1])).toBe(JSON.stringify(published[0]));
    expect(published[2]?.messageId).not.toBe(published[0]?.messageId);
  });

  it('signs the query, too', async () => {
    const { post } = await createUnderTest();
    const url = 'https://wbor.test/proxied/hooks/twilio/sms?a=1';
    expect((await post(`${URL_OF_HOOK}?a=1`, encode(form), headers(sign(form, url)))).statusCode).toBe(200);
    expect((await post(URL_OF_HOOK, encode(form), headers(sign(form, url)))).statusCode).toBe(403);
  });

  it('does not let the form name itself', async () => {
    const { post, published } = await createUnderTest();
    const forged = { ...form, wbor_message_id: 'mine', source: 'command', type: 'x' };
    await post(URL_OF_HOOK, encode(forged), headers(sign(forged)));
    expect(published[0]?.body).toMatchObject({ source: 'twilio', type: 'sms.incoming' });
    expect(published[0]?.body).not.toMatchObject({ wbor_message_id: 'mine' });
  });

  it('is 403 without a right signature, and the log has neither it nor the number', async () => {
    const gateway = await createUnderTest();
    const wrong = [
      sign({ ...form, Body: 'other' }),
      sign(form, 'http://wbor.test/hooks/twilio/sms'),
      sign(form, undefined, 'guess'),
      '',
    ];
    for (const signature of wrong) {
      expect((await gateway.post(URL_OF_HOOK, encode(form), headers(signature))).statusCode).toBe(403);
    }
    expect((await gateway.post(URL_OF_HOOK, '', {})).statusCode).toBe(403);
    expect(gateway.published).toEqual([]);
    expect(gateway.logText()).not.toMatch(/2075550123|Great show|twilio-auth/);
  });

  it('is 404 where no account is set', async () => {
    const { post } = await createUnderTest({ twilioAuthToken: undefined });
    expect((await post(URL_OF_HOOK, encode(form), headers(sign(form)))).statusCode).toBe(404);
  });
});

describe('/hooks/:name', () => {
  it.each<[string, Record<string, string>]>([
    ['', { authorization: 'Bearer t-kuma' }],
    ['', basic('t-kuma')],
    ['?token=t-kuma', {}],
  ])('says what its template makes, by token%s %j', async (query, headers) => {
    const gateway = await createUnderTest();
    const response = await gateway.post(`/hooks/uptime-kuma${query}`, { msg: '[Stream] [🔴 Down]' }, headers);
    expect([response.statusCode, response.body]).toEqual([200, 'OK']);
    expect(gateway.published).toMatchObject([
      {
        routingKey: 'source.standard.uptime-kuma',
        body: { body: '[Stream] [🔴 Down]', source: 'uptime-kuma' },
      },
    ]);
    expect(requestLines(gateway)[0]).toMatchObject({ route: '/hooks/:name', token: '3' });
    expect(gateway.logText()).not.toMatch(/t-kuma|Down/);
  });

  it('posts nothing where there is nothing to say', async () => {
    const { post, published } = await createUnderTest();
    const headers = { authorization: 'Bearer t-git', 'x-github-event': 'ping' };
    expect((await post('/hooks/github', { zen: 'x' }, headers)).statusCode).toBe(200);
    expect(published).toEqual([]);
  });

  const deep = `{"msg":"down","heartbeat":${'['.repeat(1_000)}${']'.repeat(1_000)}}`;
  it.each([
    ['nested too deep', deep, 'application/json'],
    ['nested too deep, called a text', deep, 'text/plain'],
    ['torn', '{"msg":"down', 'application/json; charset=utf-8'],
    ['torn, called a form', '{"msg":"down", ', 'application/x-www-form-urlencoded'],
    ['torn, called a thing', '{"msg":"down", ', 'application/octet-stream'],
  ])('refuses JSON that is %s', async (_what, body, contentType) => {
    const { post, published } = await createUnderTest();
    const headers = { 'content-type': contentType };
    expect((await post('/hooks/uptime-kuma?token=t-kuma', body, headers)).statusCode).toBe(400);
    expect(published).toEqual([]);
  });

  it.each(['[Stream] is down', '5 listeners', '{urgent} down', ''])(
    'takes %j for a text, whatever it is called',
    async (body) => {
      const { post, published } = await createUnderTest({
        hooks: new Map([
          ['echo', { render: ({ body: text }: { body: unknown }) => ({ text: `${text}!`, id: undefined }) }],
        ]),
      });
      for (const type of ['text/plain', 'text/html']) {
        await post('/hooks/echo?token=t-kuma', body, { 'content-type': type });
      }
      expect(published.map((message) => (message.body as { body: string }).body)).toEqual([
        `${body}!`,
        `${body}!`,
      ]);
    },
  );

  it('gives what is delivered twice the same id', async () => {
    const { post, published } = await createUnderTest();
    const headers = { authorization: 'Bearer t-git', 'x-github-event': 'issues', 'x-github-delivery': 'd-1' };
    for (const id of ['d-1', 'd-1', 'd-2']) {
      const body = { action: 'opened', issue: { title: 'x' } };
      await post('/hooks/github', body, { ...headers, 'x-github-delivery': id });
    }
    expect(published[1]).toEqual(published[0]);
    expect(published[2]?.messageId).not.toBe(published[0]?.messageId);
  });

  it('does not show secrets to a template', async () => {
    const seen: unknown[] = [];
    const spy = {
      render({ headers }: { headers: unknown }) {
        seen.push(headers);
        return { text: 'x', id: undefined };
      },
    };
    const { post } = await createUnderTest({ hooks: new Map([['spy', spy]]) });
    await post('/hooks/spy', {}, { authorization: 'Bearer t-kuma', cookie: 'c', 'x-a': 'b' });
    expect(seen).toEqual([expect.objectContaining({ 'x-a': 'b' })]);
    expect(JSON.stringify(seen)).not.toMatch(/t-kuma|cookie/);
  });

  it('is 404 for an unknown name, 401 without a token, 422 where the template fails', async () => {
    const fails = {
      render: () => {
        throw new Error('quotes the body');
      },
    };
    const gateway = await createUnderTest({ hooks: new Map([['fails', fails]]) });
    expect((await gateway.post('/hooks/none?token=t-kuma', {})).statusCode).toBe(404);
    expect((await gateway.post('/hooks/fails', {})).statusCode).toBe(401);
    const failed = await gateway.post('/hooks/fails?token=t-kuma', {});
    expect([failed.statusCode, failed.json().code]).toEqual([422, 'TEMPLATE_FAILED']);
    expect(failed.body + gateway.logText()).not.toContain('quotes');
  });
});
