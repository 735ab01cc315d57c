import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MessageDefinition } from './define.ts';
import { alreadySentMessage, standardMessage, twilioSmsMessage } from './incoming.ts';
import { readIncoming } from './read-incoming.ts';

const bytes = (body: unknown) => ({ content: Buffer.from(JSON.stringify(body)) });

function read(
  body: unknown,
  definition: Pick<MessageDefinition, 'schema'> = standardMessage,
): Record<string, unknown> {
  const reading = readIncoming(definition, bytes(body));
  if (!reading.ok) throw new Error(reading.fault.message);
  return { ...(reading.value.value as Record<string, unknown>), repaired: reading.value.repaired };
}

const NO_IMAGES = { urls: [], unreadable: 0, omitted: 0 };
const A = 'https://a.example/1.png';
const B = 'http://b.example/2.png';

describe('the fields of a producer', () => {
  it('are taken as they are when they are right', () => {
    const body = { body: 'On battery', source: 'ups', wbor_message_id: 'id-1', images: [A], more: { x: 1 } };
    expect(read(body)).toEqual({
      ...body,
      images: { urls: [A], unreadable: 0, omitted: 0 },
      format: 'quoted',
      repaired: [],
    });
  });

  it.each([
    [30.5, '30.5'],
    [0, '0'],
    [true, 'true'],
    [['line 1', 2], 'line 1\n2'],
    [{ text: 'inside' }, 'inside'],
    [{ body: '', text: 'inside' }, 'inside'],
    [{ body: { html: 'x' }, Body: 'inside' }, 'inside'],
  ])('read a body of %j as %j', (body, text) => {
    expect(read({ body })).toMatchObject({ body: text, repaired: ['body'] });
  });

  it.each([{}, [], { html: 'x' }, [null]])('know of no words in a body of %j', (body) => {
    expect(read({ body })).toMatchObject({ body: undefined, repaired: ['body'] });
  });

  it.each([' ', '\n', '\u200b\ufeff', '\u0000', '\ufffc', '\u3164', null])(
    'take a body of %j for none',
    (body) => {
      expect(read({ body, text: 'in text' })).toMatchObject({
        body: undefined,
        text: 'in text',
        repaired: [],
      });
    },
  );

  it.each([
    ['Body', 'body'],
    ['BODY', 'body'],
    ['wborMessageId', 'wbor_message_id'],
    ['WBOR-Message-ID', 'wbor_message_id'],
    ['Source', 'source'],
  ])('may be called %s for %s', (given, name) => {
    expect(read({ [given]: 'x', [name]: '  ' })).toMatchObject({ [name]: 'x', repaired: [name] });
    expect(read({ [given]: 'x', [name]: 'y' })).toMatchObject({ [name]: 'y', repaired: [] });
  });

  it.each([
    ['source', 7, '7'],
    ['source', ['endec'], undefined],
    ['source', false, undefined],
    ['source', '\u200b', undefined],
    ['source', 'None', undefined],
    ['wbor_message_id', 'null', undefined],
    ['wbor_message_id', ' <nil> ', undefined],
    ['wbor_message_id', '(null)', undefined],
    ['wbor_message_id', 'undefined', undefined],
    ['wbor_message_id', 'nonesuch', 'nonesuch'],
    ['body', 'None', 'None'],
    ['text', 'null', 'null'],
    ['wbor_message_id', 1_234_567, '1234567'],
    ['wbor_message_id', true, undefined],
    ['wbor_message_id', { id: 1 }, undefined],
    ['wbor_message_id', 'nul\u0000 \ud800', 'nul\ufffd \ufffd'],
  ])('read %s %j as %j', (name, given, value) => {
    expect(read({ [name]: given })[name]).toBe(value);
  });

  it('keep every digit of a long id, and make a short one of one that is too long, always the same', () => {
    const content = Buffer.from('{"wbor_message_id":174000000000000123}');
    expect(readIncoming(standardMessage, { content })).toMatchObject({
      value: { value: { wbor_message_id: '174000000000000123' } },
    });
    const long = { wbor_message_id: 'x'.repeat(129) };
    expect(read(long).wbor_message_id).toMatch(/^[0-9a-f]{64}$/);
    expect(read(long)).toEqual(read(long));
    expect(read(long).repaired).toEqual(['wbor_message_id']);
    expect(read({ wbor_message_id: 'x'.repeat(128) }).wbor_message_id).toBe('x'.repeat(128));
  });

  it.each([
    ['', NO_IMAGES],
    [false, NO_IMAGES],
    [0, NO_IMAGES],
    [{}, NO_IMAGES],
    [[''], NO_IMAGES],
    [[null, [], '  '], NO_IMAGES],
    ['None', NO_IMAGES],
    ['no', NO_IMAGES],
    [['N/A', 'false', '{}'], NO_IMAGES],
    [['null', A], { ...NO_IMAGES, urls: [A] }],
    [{ picture: A }, { ...NO_IMAGES, urls: [A] }],
    [A, { ...NO_IMAGES, urls: [A] }],
    [`${A}, ${B}`, { ...NO_IMAGES, urls: [A, B] }],
    [`${A}?u=${B};x`, { ...NO_IMAGES, urls: [`${A}?u=${B};x`] }],
    [`${' ,'.repeat(300_000)}${A}${' ;'.repeat(300_000)}`, { ...NO_IMAGES, urls: [A] }],
    [JSON.stringify([A, B]), { ...NO_IMAGES, urls: [A, B] }],
    [{ url: A }, { ...NO_IMAGES, urls: [A] }],
    [[{ image_url: { url: A } }, { SRC: B }], { ...NO_IMAGES, urls: [A, B] }],
    [
      { 1: A, 2: B },
      { ...NO_IMAGES, urls: [A, B] },
    ],
    [true, { ...NO_IMAGES, unreadable: 1 }],
    [[A, 7, { alt: 'a cat' }, '', B], { urls: [A, B], unreadable: 2, omitted: 0 }],
    [Array.from({ length: 13 }, () => A), { urls: Array(10).fill(A), unreadable: 0, omitted: 3 }],
  ])('find the pictures of %j', (images, list) => {
    expect(read({ images }).images).toEqual(list);
    expect(read({ text: 'x', images }, alreadySentMessage).images).toEqual(list);
  });

  it.each([
    ['202', 202],
    [202, 202],
    ['202 Accepted', 202],
    ['202.0', 202],
    ['HTTP/1.1 202 Accepted', 202],
    ['<Response [202]>', 202],
    ['failed: 503.', 503],
    ['1202', undefined],
    ['2026-11-25', undefined],
    ['202.5', undefined],
    [202.5, undefined],
    [[202], 202],
    ['ok', undefined],
    [null, undefined],
    [1e15, undefined],
    [-1, undefined],
  ])('read the status %j as %j', (statuscode, value) => {
    expect(read({ statuscode }, alreadySentMessage).statuscode).toBe(value);
  });

  it('of an SMS never matter for their types', () => {
    const sms = {
      From: 12075550123,
      Body: 5,
      SenderName: 411,
      type: 3,
      source: false,
      NumMedia: 2,
      MediaUrl0: [A],
    };
    expect(read(sms, twilioSmsMessage)).toMatchObject({
      From: '12075550123',
      Body: '5',
      SenderName: '411',
      source: undefined,
      NumMedia: 2,
      MediaUrl0: A,
      repaired: ['From', 'Body', 'SenderName', 'source', 'NumMedia', 'MediaUrl0'],
    });
    // A ban of the number must hold.
    expect(read({ From: [['+12075550123']] }, twilioSmsMessage).From).toBe('+12075550123');
    expect(read({ From: ['+12075550123', 'x'] }, twilioSmsMessage).From).toBeUndefined();
    expect(read({ NumMedia: '1e9' }, twilioSmsMessage).NumMedia).toBe(10);
    expect(read({ NumMedia: 'many' }, twilioSmsMessage).NumMedia).toBe(0);
  });

  it.each([
    ['standard', standardMessage, Object.keys(standardMessage.schema.shape)],
    ['Twilio', twilioSmsMessage, Object.keys(twilioSmsMessage.schema.shape)],
    ['already-sent', alreadySentMessage, Object.keys(alreadySentMessage.schema.shape)],
  ])('are never a reason to refuse an object: %s', (_what, message, fields) => {
    const definition: Pick<MessageDefinition, 'schema'> = message;
    const names = [...fields, 'Body', 'Images'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (body) => {
        const reading = readIncoming(definition, bytes(body));
        expect(reading).toMatchObject({ ok: true });
        if (!reading.ok) return;
        const { value, repaired } = reading.value;
        for (const name of ['body', 'text', 'source', 'From', 'wbor_message_id'])
          expect(['string', 'undefined']).toContain(typeof (value as Record<string, unknown>)[name]);
        for (const name of repaired) expect(names).toContain(name);
      }),
    );
  });

  it.each([
    [[{ body: 'x' }]],
    [JSON.stringify({ body: 'x' })],
    [JSON.stringify([JSON.stringify({ body: 'x' })])],
    [` ${JSON.stringify({ body: 'x' })}\n\u0000`],
  ])('are found in %j', (message) => {
    expect(read(message)).toMatchObject({ body: 'x', repaired: [] });
    const reading = readIncoming(standardMessage, bytes(message));
    expect(reading).toMatchObject({ value: { raw: { body: 'x' } } });
  });

  it.each([
    [[{ body: 'x' }, { body: 'y' }]],
    [[{ body: 'x' }, null]],
    [[]],
    [['x']],
    [[[[[{ body: 'x' }]]]]],
    ['{"body":'],
    ['null'],
    [[1]],
    ['hello'],
    [null],
    [7],
  ])('cannot be in %j, which is no object', (body) => {
    expect(readIncoming(standardMessage, bytes(body))).toMatchObject({
      ok: false,
      fault: { code: 'invalid-message' },
    });
  });
});
