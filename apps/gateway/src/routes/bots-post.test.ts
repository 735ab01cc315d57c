import { PublishError } from '@wbor/amqp';
import { describe, expect, it } from 'vitest';
import { createGatewayUnderTest, requestLines, tokensOf } from '../../test/gateway-under-test.ts';

const TOKEN = 'token-of-the-script';
const tokens = tokensOf({ [TOKEN]: 'studio-script' });

async function createUnderTest(settings = {}) {
  const gateway = await createGatewayUnderTest({ tokens, ...settings });
  const post = (payload: object | string, headers: Record<string, string> = {}, url = '/bots/post') =>
    gateway.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload,
    });
  return { ...gateway, post };
}

const envelope = (code: number, error: unknown) => ({ meta: { code, errors: [error] }, response: null });

describe.each(['/bots/post', '/v3/bots/post'])('POST %s', (url) => {
  it('answers 202 with nothing, and the words go to the chat as they are', async () => {
    const { post, published } = await createUnderTest();
    const response = await post({ bot_id: TOKEN, text: '**Low** now' }, {}, url);
    expect([response.statusCode, response.body]).toEqual([202, '']);
    expect(published).toMatchObject([
      {
        routingKey: 'source.standard.studio-script',
        body: { body: '**Low** now', source: 'studio-script', format: 'plain' },
      },
    ]);
    expect(JSON.stringify(published)).not.toContain(TOKEN);
  });
});

describe('what scripts send', () => {
  it.each<[string, string, string]>([
    [
      'JSON that calls itself a form, as curl does',
      JSON.stringify({ bot_id: TOKEN, text: '5% & more' }),
      'form',
    ],
    ['a form', new URLSearchParams({ bot_id: TOKEN, text: '5% & more' }).toString(), 'form'],
    ['a form by hand', `bot_id=${TOKEN}&text=5%+%26+more`, 'form'],
    ['JSON without a type', JSON.stringify({ bot_id: TOKEN, text: '5% & more' }), ''],
  ])('is taken as %s', async (_what, payload, type) => {
    const { post, published } = await createUnderTest();
    const contentType = type === 'form' ? 'application/x-www-form-urlencoded' : 'application/octet-stream';
    expect((await post(payload, { 'content-type': contentType })).statusCode).toBe(202);
    expect(published[0]?.body).toMatchObject({ body: '5% & more' });
  });

  it('may be in the URL, which is in no log', async () => {
    const gateway = await createUnderTest();
    const url = `/bots/post?bot_id=${TOKEN}&text=by%20URL`;
    expect((await gateway.app.inject({ method: 'POST', url })).statusCode).toBe(202);
    expect(gateway.published[0]?.body).toMatchObject({ body: 'by URL' });
    expect(gateway.logText()).not.toMatch(/by%20URL|token-of/);
  });

  it('may have pictures, each once; other attachments are dropped and counted', async () => {
    const { post, published, registry } = await createUnderTest();
    const attachments = [
      { type: 'image', url: 'https://x.test/a' },
      { type: 'image', url: 'https://x.test/b' },
      { type: 'image', url: 7 },
      { type: 'location', lat: '1' },
      'nonsense',
    ];
    const picture_url = 'https://x.test/a';
    expect((await post({ bot_id: TOKEN, picture_url, attachments })).statusCode).toBe(202);
    expect(published[0]?.body).toMatchObject({ body: '', images: ['https://x.test/a', 'https://x.test/b'] });
    expect(await registry.getSingleMetricAsString('gateway_attachments_dropped_total')).toContain('_total 2');
  });

  it.each([
    [17, '17'],
    [true, 'true'],
    [['a', 'b'], 'a\nb'],
    [{ text: 'inside' }, 'inside'],
  ])('may have the text %j', async (text, said) => {
    const { post, published } = await createUnderTest();
    expect((await post({ bot_id: TOKEN, text, attachments: 'odd', picture_url: 7 })).statusCode).toBe(202);
    expect(published[0]?.body).toMatchObject({ body: said });
  });

  it('is a message of its own each time', async () => {
    const { post, published } = await createUnderTest();
    for (let call = 0; call < 2; call += 1) await post({ bot_id: TOKEN, text: 'again' });
    expect(new Set(published.map(({ messageId }) => messageId)).size).toBe(2);
  });
});

describe("answers in GroupMe's form", () => {
  it.each([{ text: 'x' }, { bot_id: 'nobody', text: 'x' }, { bot_id: [TOKEN], text: 'x' }, [], 'null', '7'])(
    '404 without a known bot: %j',
    async (payload) => {
      const { post, published } = await createUnderTest();
      const response = await post(payload);
      expect(response.statusCode).toBe(404);
      expect(response.json()).toEqual(envelope(404, 'bot not found'));
      expect(published).toEqual([]);
    },
  );

  it.each([{}, { text: '' }, { text: ' \n' }, { text: null }, { attachments: [{ type: 'location' }] }])(
    '400 without text or picture: %j',
    async (fields) => {
      const { post } = await createUnderTest();
      const response = await post({ bot_id: TOKEN, ...fields });
      expect(response.statusCode).toBe(400);
      expect(response.json()).toEqual(envelope(400, 'text is required'));
    },
  );

  it('400 to what is neither JSON nor a form, and to a text that is too long', async () => {
    const { post } = await createUnderTest();
    expect((await post('{"bot_id":')).json()).toEqual(envelope(400, expect.any(String)));
    const long = await post({ bot_id: TOKEN, text: 'x'.repeat(16_001) });
    expect(long.json()).toEqual(envelope(400, expect.stringContaining('16000')));
    const form = await post('text=%ff', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(form.json()).toEqual(envelope(400, 'the form is not UTF-8'));
  });

  it('429 to too many calls and to too many guesses, 503 while the broker is away', async () => {
    const gateway = await createUnderTest({ rateLimits: { send: 2, refused: 1, public: 1 } });
    gateway.onPublish(async () => {
      throw new PublishError('NACKED', 'by the test');
    });
    const away = await gateway.post({ bot_id: TOKEN, text: 'x' });
    expect([away.statusCode, away.json()]).toEqual([503, envelope(503, expect.any(String))]);
    await gateway.post({ bot_id: TOKEN, text: 'x' });
    const often = await gateway.post({ bot_id: TOKEN, text: 'x' });
    expect([often.statusCode, often.json()]).toEqual([429, envelope(429, expect.any(String))]);
    expect(Number(often.headers['retry-after'])).toBeGreaterThan(0);
    await gateway.post({ bot_id: 'guess', text: 'x' });
    expect((await gateway.post({ bot_id: 'guess', text: 'x' })).statusCode).toBe(429);
  });
});

it('logs the id of the token and the source, and neither token nor text', async () => {
  const gateway = await createUnderTest();
  await gateway.post({ bot_id: TOKEN, text: 'call 2075550100' });
  expect(requestLines(gateway)[0]).toMatchObject({
    route: '/bots/post',
    source: 'studio-script',
    token: '1',
  });
  expect(gateway.logText()).not.toMatch(/token-of|2075550100/);
});
