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
  it('reads a standard message and keeps to its own id and source', () => {
    expect(parse({ body: 'Power is back', source: 'ups', wbor_message_id: 'id-1', extra: 1 })).toMatchObject({
      kind: 'message',
      wborMessageId: 'id-1',
      source: 'ups',
      text: 'Power is back',
      format: 'quoted',
      fromTwilio: false,
    });
  });

  it('takes `text` where the old producer means `body`', () => {
    expect(parse({ text: 'from the old producer', source: 'x' })).toMatchObject({
      text: 'from the old producer',
    });
  });

  it.each([
    ['plain', 'plain'],
    [undefined, 'quoted'],
    [null, 'quoted'],
    ['html', 'quoted'],
    [7, 'quoted'],
  ])('with format %j forwards it as %s', (format, expected) => {
    expect(parse({ body: 'a', source: 'x', format })).toMatchObject({ format: expected });
  });

  it('reads a missing source off the routing key', () => {
    expect(parse({ body: 'a' }, { key: 'source.standard.azuracast.down' })).toMatchObject({
      source: 'azuracast',
    });
    expect(parse({ body: 'a' }, { key: 'source.standard' })).toMatchObject({ source: 'standard' });
  });

  it.each([undefined, null, ''])('makes an id when it is %j', (id) => {
    const parsed = parse({ body: 'a', source: 'x', wbor_message_id: id });
    expect(parsed).toMatchObject({ wborMessageId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  });

  it('reads an SMS with its sender and its pictures in order', () => {
    const sms = {
      From: '+12075550123',
      SenderName: 'JANE DOE',
      Body: 'Hello',
      body: 'not this one',
      MediaUrl0: 'https://a.example/0',
      MediaUrl1: 'https://a.example/1',
      wbor_message_id: 'id-2',
    };
    expect(parse(sms, { key: SMS_KEY })).toMatchObject({
      source: 'twilio',
      text: 'Hello',
      sender: '+12075550123',
      senderName: 'JANE DOE',
      imageUrls: ['https://a.example/0', 'https://a.example/1'],
      fromTwilio: true,
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

  it.each(['source.standard.test', SMS_KEY])('logs and does not send what %s has already sent', (key) => {
    const body = { body: 'as it was\r', statuscode: 202, source: 'x', wbor_message_id: 'id-3' };
    expect(parse(body, { key, headers: { alreadysent: true } })).toEqual({
      kind: 'already-sent',
      wborMessageId: 'id-3',
      source: 'x',
      payload: body,
    });
  });

  it.each([
    ['a cut-off object', '{"body":', 'INVALID_JSON'],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'INVALID_UTF8'],
    ['an array', [1], 'INVALID_MESSAGE'],
    ['a string', '"hello"', 'INVALID_MESSAGE'],
    ['null', 'null', 'INVALID_MESSAGE'],
    ['nothing at all', Buffer.alloc(0), 'INVALID_JSON'],
    ['a numeric body', { body: 5, source: 'x' }, 'INVALID_MESSAGE'],
    ['a numeric id', { body: 'a', source: 'x', wbor_message_id: 5 }, 'INVALID_MESSAGE'],
    ['an empty body', { body: '', source: 'x' }, 'EMPTY'],
    ['a body of white space', { body: ' \r\n\u00a0', source: 'x' }, 'EMPTY'],
    ['no body', { source: 'x' }, 'EMPTY'],
    ['a 5 MB body', { body: 'x'.repeat(5_000_000), source: 'x' }, 'TOO_LONG'],
  ])('refuses %s', (_what, body, code) => {
    expect(codeOf(body)).toBe(code);
  });

  it('refuses an SMS with a numeric body and never repeats its words', () => {
    expect(codeOf({ Body: 7 }, SMS_KEY)).toBe('INVALID_MESSAGE');
    expect(() => parse('{"Body": secret words', { key: SMS_KEY })).toThrow(/^the body is not JSON$/);
  });
});
