import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  type BanList,
  banListMessage,
  defineMessage,
  readJson,
  readMessage,
  standardMessage,
} from './index.ts';

const bytes = (text: string, encoding: BufferEncoding = 'utf8') => ({ content: Buffer.from(text, encoding) });

describe('readMessage', () => {
  it('gives the value that the schema makes, typed', () => {
    const reading = readMessage(banListMessage, bytes('{"version":1,"bans":[]}'));
    expect(reading).toEqual({ ok: true, value: { version: 1, bans: [] } });
    if (reading.ok) expectTypeOf(reading.value).toEqualTypeOf<BanList>();
    expect(readMessage(standardMessage, bytes('{"body":"x","format":7}'))).toMatchObject({
      value: { body: 'x', format: 'quoted', images: { urls: [], unreadable: 0, omitted: 0 } },
    });
  });

  it('skips a byte-order mark', () => {
    expect(readJson(bytes('\ufeff{}'))).toEqual({ ok: true, value: {} });
  });

  it.each([
    ['bytes that are not UTF-8', bytes('{"version":"caf\xe9"}', 'latin1'), 'invalid-utf8'],
    ['half a character', { content: Buffer.from('"é"').subarray(0, 2) }, 'invalid-utf8'],
    ['no JSON', bytes('{"version":'), 'invalid-json'],
    ['nothing', bytes(''), 'invalid-json'],
    ['another message', bytes('{"version":-1,"bans":[]}'), 'invalid-message'],
    ['no object', bytes('null'), 'invalid-message'],
  ])('finds fault with %s', (_what, delivery, code) => {
    expect(readMessage(banListMessage, delivery)).toMatchObject({ ok: false, fault: { code } });
  });

  it('names the fields at fault, a few of them, and never repeats the body', () => {
    const list = {
      version: 'secret',
      bans: Array.from({ length: 20 }, () => ({ sender: '', until: 'secret' })),
    };
    const reading = readMessage(banListMessage, bytes(JSON.stringify(list)));
    const message = reading.ok ? '' : reading.fault.message;
    expect(message).toMatch(/^version: .*; bans\.0\.sender: .*; and 36 more$/);
    expect(message).not.toContain('secret');

    const strict = defineMessage({
      exchange: 'source',
      key: 'strict',
      schema: z.strictObject({ state: z.enum(['on', 'off']) }),
      summary: '',
      example: { state: 'on' },
      publishers: [],
    });
    const odd = readMessage(strict, bytes('{"state":"secret","secret":1}'));
    expect(odd).toMatchObject({ fault: { code: 'invalid-message' } });
    expect(JSON.stringify(odd)).not.toContain('secret');
    expect(JSON.stringify(readJson(bytes('{"secret": nonsense}')))).not.toMatch(/secret|nonsense/);
  });
});
