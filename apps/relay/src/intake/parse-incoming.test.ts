import { describe, expect, it } from 'vitest';
import { IncomingError, parseIncoming } from './parse-incoming.ts';

function parse(body: unknown, options: { key?: string; headers?: Record<string, unknown> } = {}) {
  const content = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return parseIncoming({
    content,
    routingKey: options.key ?? 'source.standard',
    headers: options.headers ?? {},
  });
}

function codeOf(body: unknown, key?: string): string {
  try {
    parse(body, key === undefined ? {} : { key });
  } catch (error) {
    if (error instanceof IncomingError) return error.code;
    throw error;
  }
  return 'none';
}

const SMS_KEY = 'source.twilio.sms.incoming';

describe('parseIncoming', () => {
  it('fills what the source leaves out', () => {
    expect(parse({ body: 'Power is back', source: 'ups', wbor_message_id: 'id-1' })).toEqual({
      kind: 'message',
      wborMessageId: 'id-1',
      source: 'ups',
      text: 'Power is back',
      imageUrls: [],
      imagesWithoutAddress: 0,
      imagesLeftOut: 0,
      format: 'quoted',
      acknowledge: false,
      repaired: [],
    });
  });

  it.each([undefined, null, ''])('makes an id when it is %j', (id) => {
    const made = { wborMessageId: expect.stringMatching(/^[0-9a-f-]{36}$/) };
    expect(parse({ body: 'a', source: 'x', wbor_message_id: id })).toMatchObject(made);
    expect(parse({ wbor_message_id: id }, { headers: { alreadysent: true } })).toMatchObject(made);
  });

  it('sanitises the text', () => {
    expect(parse({ body: 'nbsp\u00a0cr\r\nbell\u0007', source: 'x' })).toMatchObject({
      text: 'nbsp cr\nbell�',
    });
  });

  it.each([
    'source.twilio.sms.outgoing',
    'source.twilio.call-events',
    'source.twilio.voice-intelligence',
    'source.twilio.ban',
    'source.twilio.unban',
    'source.twilio',
  ])('ignores %s, whatever it holds', (key) => {
    expect(parse('not even JSON', { key })).toEqual({ kind: 'ignored' });
  });

  it.each(['source.standard.test', SMS_KEY, 'source.twilio.sms.outgoing'])(
    'logs and does not send what %s has already sent',
    (key) => {
      const body = { body: 'as it was\r', statuscode: 202, source: 'x', wbor_message_id: 'id-3' };
      expect(parse(body, { key, headers: { alreadysent: true } })).toEqual({
        kind: 'already-sent',
        wborMessageId: 'id-3',
        source: 'x',
        statusCode: 202,
        text: 'as it was\n',
        payload: body,
        repaired: [],
      });
    },
  );

  it.each([
    ['a cut-off object', '{"body":', 'invalid-json'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'invalid-utf8'],
    ['an array', [1], 'invalid-message'],
    ['a string', '"hello"', 'invalid-message'],
    ['null', 'null', 'invalid-message'],
    ['nothing at all', Buffer.alloc(0), 'invalid-json'],
    ['a body without any text', { body: { html: 'x' }, source: 'x' }, 'invalid-message'],
    ['a body that nobody can see', { body: '\u200b\ufffc\u0000', source: 'x' }, 'empty'],
    ['no images', { images: '', source: 'x' }, 'empty'],
    ['an empty body', { body: '', source: 'x' }, 'empty'],
    ['a body of white space', { body: ' \r\n\u00a0', source: 'x' }, 'empty'],
    ['no body', { source: 'x' }, 'empty'],
    ['a 5 MB body', { body: 'x'.repeat(5_000_000), source: 'x' }, 'too-long'],
  ])('refuses %s', (_what, body, code) => {
    expect(codeOf(body)).toBe(code);
  });

  it.each([
    [{ body: 30.5 }, { text: '30.5', repaired: ['body'] }],
    [{ Body: 'capital' }, { text: 'capital', repaired: ['body'] }],
    [
      { body: ' \n\u200b', text: 'in text' },
      { text: 'in text', repaired: [] },
    ],
    [
      { body: 'a', wbor_message_id: 5 },
      { wborMessageId: '5', repaired: ['wbor_message_id'] },
    ],
    [
      { body: 'a', source: ['endec'] },
      { source: 'ups', repaired: ['source'] },
    ],
    [
      { body: 'a', images: '' },
      { imageUrls: [], repaired: [] },
    ],
    [
      { body: 'a', images: [7] },
      { text: 'a', imagesWithoutAddress: 1, repaired: ['images'] },
    ],
    [{ images: [`data:image/png;base64,${'A'.repeat(9_000)}`] }, { imageUrls: [], imagesWithoutAddress: 1 }],
    [{ images: [7] }, { text: '', imagesWithoutAddress: 1 }],
    [
      { body: '\ufffc', images: ['https://a.example'] },
      { text: '', imageUrls: ['https://a.example'] },
    ],
  ])('posts %j', (body, message) => {
    expect(parse(body, { key: 'source.standard.ups' })).toMatchObject({ kind: 'message', ...message });
  });

  it.each([' ', '\u0000', ' \r\n\u0000'])('counts no %j at the ends of a text', (padding) => {
    const text = 'x'.repeat(16_000);
    const around = padding.repeat(20_000);
    expect(parse({ body: around + text + around })).toMatchObject({ text });
    expect(parse({ Body: around + text + around }, { key: SMS_KEY })).toMatchObject({ text });
    expect(codeOf({ body: `${around}${text}x${around}` })).toBe('too-long');
    expect(codeOf({ body: `x${around}x` })).toBe('too-long');
    expect(codeOf({ body: around })).toBe('empty');
  });

  it('bounds the names of all that it reads', () => {
    const names = { source: 's'.repeat(2_000_000), From: '1'.repeat(2_000_000), sender: 'x'.repeat(300) };
    const log = { ...names, SenderName: 'n'.repeat(300), bot_id: 'b'.repeat(300), text: 't'.repeat(20_000) };
    const read = [
      parse({ ...names, Body: 'a' }, { key: SMS_KEY }),
      parse(log, { headers: { alreadysent: true } }),
    ];
    for (const { payload: _payload, ...fields } of read as { payload?: unknown }[]) {
      for (const value of Object.values(fields)) expect(String(value).length).toBeLessThanOrEqual(16_000);
      expect(fields).toMatchObject({
        source: `${'s'.repeat(255)}…`,
        sender: `${'1'.repeat(255)}…`,
      });
    }
  });

  it('refuses an SMS without any text and never repeats its words', () => {
    expect(codeOf({ Body: { html: 'x' } }, SMS_KEY)).toBe('invalid-message');
    expect(() => parse('{"Body": secret words', { key: SMS_KEY })).toThrow(/^the body is not JSON$/);
  });
});

describe('an SMS without words or pictures', () => {
  it.each([{}, { Body: '' }, { Body: ' \u200b\n' }, { Body: null, NumMedia: '0' }])(
    'is no fault: %j',
    (sms) => {
      expect(parse({ From: '+12075550123', wbor_message_id: 'id', ...sms }, { key: SMS_KEY })).toEqual({
        kind: 'empty-sms',
        source: 'twilio',
        acknowledge: true,
        wborMessageId: 'id',
      });
    },
  );

  it.each([
    { Body: '', NumMedia: '1' },
    { Body: '', MediaUrl0: 'https://a.example/1' },
  ])('is none with a picture: %j', (sms) => {
    expect(parse(sms, { key: SMS_KEY })).toMatchObject({ kind: 'message' });
  });

  it('is none with words that nobody can read', () => {
    expect(codeOf({ Body: { a: 1 } }, SMS_KEY)).toBe('invalid-message');
  });
});
