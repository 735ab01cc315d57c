import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBody } from './decode-body.ts';

const WORDS = '{"body":"Café Niño"}';

/** UTF-16 as Java writes it. */
const bigEndian = (text: string) => Buffer.from(text, 'utf16le').swap16();

function codeOf(body: Parameters<typeof decodeBody>[0], maxInflatedBytes?: number): string {
  const reading = decodeBody(body, maxInflatedBytes);
  return reading.ok ? 'none' : reading.fault.code;
}

describe('the charset of a body', () => {
  it.each([
    ['UTF-8 that nobody declares', Buffer.from(WORDS), undefined],
    ['declared UTF-8', Buffer.from(WORDS), 'application/json; charset=utf-8'],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${WORDS}`), undefined],
    ['declared ISO-8859-1', Buffer.from(WORDS, 'latin1'), 'application/json; charset=iso-8859-1'],
    ['a charset in quotes and capitals', Buffer.from(WORDS, 'latin1'), 'text/plain;Charset="Latin1"'],
    ['little-endian UTF-16', Buffer.from(WORDS, 'utf16le'), 'application/json;charset=utf-16le'],
    ['UTF-16 with a mark, undeclared', Buffer.from(`\ufeff${WORDS}`, 'utf16le'), undefined],
    ['big-endian UTF-16 with a mark', bigEndian(`\ufeff${WORDS}`), 'application/json; charset=UTF-16'],
    ['big-endian UTF-16 without one', bigEndian(WORDS), 'application/json; charset=utf-16'],
    ['a mark that gives the declaration the lie', Buffer.from(`\ufeff${WORDS}`), 'a/b; charset=latin1'],
    ['UTF-8 that is declared as ASCII', Buffer.from(WORDS), 'application/json; charset=us-ascii'],
    ['UTF-8 of a charset that nobody knows', Buffer.from(WORDS), 'application/json; charset=utf8mb4'],
    ['a content type without sense', Buffer.from(WORDS), ';;charset=;'],
  ])('reads %s', (_what, content, contentType) => {
    expect(decodeBody({ content, contentType })).toEqual({ ok: true, value: WORDS });
  });

  it('reads what is Windows-1252 and calls itself so, or ISO-8859-1 as all the world does', () => {
    const content = Buffer.from([0x49, 0x74, 0x92, 0x73, 0x20, 0x80]);
    for (const charset of ['windows-1252', 'cp1252', 'iso-8859-1']) {
      expect(decodeBody({ content, contentType: `text/plain; charset=${charset}` })).toMatchObject({
        value: 'It’s €',
      });
    }
  });

  it.each([
    ['undeclared', undefined, 'invalid-utf8', 'the body is not UTF-8, and no other charset is declared'],
    ['declared as UTF-8', 'a/b; charset=utf-8', 'invalid-utf8', expect.stringContaining('UTF-8')],
    ['of an unknown charset', 'a/b; charset=klingon', 'invalid-utf8', expect.stringContaining('"klingon"')],
    [
      'declared as Shift JIS',
      'a/b; charset=shift_jis',
      'invalid-charset',
      expect.stringContaining('shift_jis'),
    ],
  ])('finds fault with bytes that are not what they are %s', (_what, contentType, code, message) => {
    const content = Buffer.from('caf\xe9', 'latin1');
    expect(decodeBody({ content, contentType })).toEqual({ ok: false, fault: { code, message } });
  });

  it('never puts a replacement character in place of what somebody wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (content) => {
        const reading = decodeBody({ content });
        if (reading.ok)
          expect(Buffer.from(reading.value).includes('\ufffd')).toBe(Buffer.from(content).includes('\ufffd'));
      }),
      { examples: [[Uint8Array.of(0x61, 0xff)]] },
    );
  });
});

describe('the content encoding of a body', () => {
  it.each([
    ['gzip', gzipSync(WORDS)],
    ['GZIP', gzipSync(WORDS)],
    ['x-gzip', gzipSync(WORDS)],
    ['deflate', deflateSync(WORDS)],
    ['deflate', deflateRawSync(WORDS)],
    ['br', brotliCompressSync(WORDS)],
    ['br, gzip', gzipSync(brotliCompressSync(WORDS))],
    ['identity', Buffer.from(WORDS)],
    ['binary', Buffer.from(WORDS)],
    ['utf-8', Buffer.from(WORDS)],
    ['latin1', Buffer.from(WORDS, 'latin1')],
    ['gzip', Buffer.from(WORDS)],
    [undefined, gzipSync(WORDS)],
  ])('%s is undone', (contentEncoding, content) => {
    expect(decodeBody({ content, contentEncoding })).toEqual({ ok: true, value: WORDS });
  });

  it('is undone before the charset counts', () => {
    const content = gzipSync(Buffer.from(WORDS, 'latin1'));
    expect(decodeBody({ content, contentType: 'a/b; charset=latin1', contentEncoding: 'gzip' })).toEqual({
      ok: true,
      value: WORDS,
    });
  });

  it('is named when nobody knows it, in short', () => {
    const reading = decodeBody({ content: Buffer.from('x'), contentEncoding: `aes\n${'x'.repeat(100)}` });
    const message = `the content encoding "aes?${'x'.repeat(28)}" is not known`;
    expect(reading).toEqual({ ok: false, fault: { code: 'unknown-encoding', message } });
  });

  it.each([
    ['half of it', gzipSync(WORDS).subarray(0, 20), 'gzip', 'invalid-encoding'],
    ['something else', Buffer.from('hello'), 'br', 'invalid-encoding'],
    ['many layers', Buffer.from('x'), 'gzip,gzip,gzip,gzip', 'unknown-encoding'],
  ])('finds fault with %s', (_what, content, contentEncoding, code) => {
    expect(codeOf({ content, contentEncoding })).toBe(code);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('%s cannot fill the memory', (contentEncoding, compress) => {
    const content = compress(Buffer.alloc(20_000_000));
    expect(content.length).toBeLessThan(25_000);
    expect(codeOf({ content, contentEncoding })).toBe('too-large');
    expect(codeOf({ content: compress(WORDS), contentEncoding }, 10)).toBe('too-large');
    expect(codeOf({ content: compress(WORDS), contentEncoding }, 100)).toBe('none');
  });
});
