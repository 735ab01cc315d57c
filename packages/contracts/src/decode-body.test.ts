import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  type InputType,
  zstdCompressSync,
} from 'node:zlib';
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
    ['UTF-16 that nobody declares', Buffer.from(WORDS, 'utf16le'), undefined],
    ['big-endian UTF-16 that nobody declares', bigEndian(WORDS), undefined],
    ['UTF-16 that is declared as UTF-8', Buffer.from(WORDS, 'utf16le'), 'application/json; charset=utf-8'],
    ['big-endian UTF-16 that is declared as little-endian', bigEndian(WORDS), 'a/b; charset=utf-16le'],
    ['UTF-8 that is declared as C names ASCII', Buffer.from(WORDS), 'a/b; charset=ANSI_X3.4-1968'],
    ['a charset behind a comma', Buffer.from(WORDS, 'latin1'), 'application/json, charset=latin1'],
    ['a charset behind a colon', Buffer.from(WORDS, 'latin1'), 'application/json; charset: latin1'],
    ['a charset behind nothing', Buffer.from(WORDS, 'latin1'), 'charset=latin1'],
    ['UTF-8 of a charset that nobody knows', Buffer.from(WORDS), 'application/json; charset=utf8mb4'],
    ['a content type without sense', Buffer.from(WORDS), ';;charset=;'],
  ])('reads %s', (_what, content, contentType) => {
    expect(decodeBody({ content, contentType })).toEqual({ ok: true, value: WORDS });
  });

  it.each([
    'latin-1',
    'latin1',
    'Latin_1',
    'L1',
    'ISO8859_1',
    'iso_8859-1',
    'iso8859-1',
    'cp-1252',
    'windows_1252',
  ])('knows the charset %s', (charset) => {
    const content = Buffer.from(WORDS, 'latin1');
    expect(decodeBody({ content, contentType: `a/b; charset=${charset}` })).toMatchObject({ value: WORDS });
    expect(decodeBody({ content, contentEncoding: charset })).toMatchObject({ value: WORDS });
  });

  it.each(['utf8', 'UTF_8', 'ascii', 'us-ascii', 'US_ASCII', 'UTF-8-SIG', 'x-user-defined', 'utf-7'])(
    'reads UTF-8 that is declared as %s',
    (charset) => {
      const content = Buffer.from(WORDS);
      expect(decodeBody({ content, contentType: `a/b; charset=${charset}` })).toMatchObject({ value: WORDS });
    },
  );

  it.each(['utf16', 'UTF_16', 'utf_16_le', 'UTF-16LE', 'unicode'])('knows %s', (charset) => {
    const content = Buffer.from('{"é":1}', 'utf16le');
    expect(decodeBody({ content, contentType: `a/b; charset=${charset}` })).toMatchObject({
      value: '{"é":1}',
    });
  });

  it.each(['utf-16', 'utf-16be', 'unicode'])('reads an object in UTF-8 that is declared as %s', (charset) => {
    const content = Buffer.from('{"body":"Café"}');
    expect(decodeBody({ content, contentType: `a/b; charset=${charset}` })).toMatchObject({
      value: '{"body":"Café"}',
    });
  });

  it.each([
    ['utf-7', '{"body":"Caf+AOk-"}'],
    ['UTF7', '{"body":"Caf+AOk-"}'],
    ['unicode-1-1-utf-7', '{"body":"1 +- 1"}'],
    ['hz-gb-2312', '{"body":"~{<:Ky2;~}"}'],
    ['iso-2022-kr', '{"body":"\u000eGQ"}'],
  ])('never takes %s for UTF-8', (charset, text) => {
    const reading = decodeBody({ content: Buffer.from(text), contentType: `a/b; charset=${charset}` });
    const message = `the charset ${JSON.stringify(charset.toLowerCase())} is not known`;
    expect(reading).toEqual({ ok: false, fault: { code: 'invalid-charset', message } });
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
    ['gzip, identity', gzipSync(WORDS)],
    ['gzip;q=1.0', gzipSync(WORDS)],
    [' GZip ; q=0.5 , none', gzipSync(WORDS)],
    ['br, gzip;q=1', gzipSync(brotliCompressSync(WORDS))],
    ['zstd', zstdCompressSync(WORDS)],
    ['aws-chunked,gzip', gzipSync(WORDS)],
    ['gzip', deflateSync(WORDS)],
    ['deflate', gzipSync(WORDS)],
    ['utf-8', gzipSync(WORDS)],
    ['gzip', gzipSync(gzipSync(WORDS))],
    [undefined, gzipSync(WORDS)],
    [undefined, deflateSync(WORDS)],
    [undefined, zstdCompressSync(WORDS)],
    ['gzip', gzipSync(Buffer.from(WORDS, 'utf16le'))],
  ])('%s is undone', (contentEncoding, content) => {
    expect(decodeBody({ content, contentEncoding })).toEqual({ ok: true, value: WORDS });
  });

  it.each(['gzip', 'deflate', 'br', 'zstd', 'gzip, br', 'gzip, gzip, gzip, gzip', 'compress', 'aes'])(
    '%s is not believed of a JSON object',
    (contentEncoding) => {
      for (const blanks of ['', ' ', '\n\t', ' '.repeat(1_000), '\u0002']) {
        for (const json of [WORDS, `[ ${WORDS}]`, JSON.stringify(WORDS), '{}', '{ \r\n "body":1}']) {
          const content = Buffer.from(blanks + json);
          expect(decodeBody({ content, contentEncoding })).toEqual({ ok: true, value: blanks + json });
          const marked = Buffer.concat([Buffer.from('\ufeff'), content]);
          expect(decodeBody({ content: marked, contentEncoding })).toEqual({
            ok: true,
            value: blanks + json,
          });
        }
      }
      const content = Buffer.from(WORDS, 'utf16le');
      expect(decodeBody({ content, contentEncoding })).toEqual({ ok: true, value: WORDS });
    },
  );

  it.each([
    ...[
      '',
      'string',
      'aws-chunked',
      'UTF8',
      'Utf_8',
      'identity;q=1',
      'none',
      '8bit',
      'json',
      'application/json',
    ],
    ...[',', ';', 'utf-8;', 'x'.repeat(10_000)],
  ])('%j is no reason to keep back a JSON object', (contentEncoding) => {
    expect(decodeBody({ content: Buffer.from(WORDS), contentEncoding })).toEqual({ ok: true, value: WORDS });
  });

  const named = gzipSync(WORDS);
  named[3] = 0b11110;
  const fields = Buffer.from('\u0003\u0000abcname.json\u0000comment\u0000\u0012\u0034', 'latin1');

  it.each([
    ['a line break', Buffer.concat([gzipSync(WORDS), Buffer.from('\r\n')])],
    ['zeros', Buffer.concat([gzipSync(WORDS), Buffer.alloc(9)])],
    ['text', Buffer.concat([gzipSync(WORDS), Buffer.from('\u001fgarbage')])],
    ['half a member', Buffer.concat([gzipSync(WORDS), gzipSync('more').subarray(0, 12)])],
    [
      'a line break, and all that may be in front',
      Buffer.concat([named.subarray(0, 10), fields, named.subarray(10), Buffer.from('\n')]),
    ],
  ])('gzip may have %s behind it', (_what, content) => {
    expect(decodeBody({ content, contentEncoding: 'gzip' })).toEqual({ ok: true, value: WORDS });
    const spoilt = Buffer.from(content);
    const checksum = content.indexOf(gzipSync(WORDS).subarray(-8));
    spoilt[checksum] = (spoilt[checksum] ?? 0) ^ 1;
    expect(codeOf({ content: spoilt, contentEncoding: 'gzip' })).toBe('invalid-encoding');
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
    ['a beginning alone', Buffer.from([0x1f, 0x8b, 8, 4]), 'gzip', 'invalid-encoding'],
    ['half of Zstandard', zstdCompressSync(WORDS).subarray(0, 12), 'zstd', 'invalid-encoding'],
    ['many layers', gzipSync(gzipSync(gzipSync(gzipSync(WORDS)))), 'gzip,gzip,gzip,gzip', 'unknown-encoding'],
    [
      'many layers of which nobody tells',
      gzipSync(gzipSync(gzipSync(gzipSync(WORDS)))),
      '',
      'unknown-encoding',
    ],
  ])('finds fault with %s', (_what, content, contentEncoding, code) => {
    expect(codeOf({ content, contentEncoding })).toBe(code);
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['undeclared gzip', gzipSync],
    ['gzip', (bytes: InputType) => Buffer.concat([gzipSync(bytes), Buffer.from('\n')])],
  ])('%s cannot fill the memory', (contentEncoding, compress) => {
    const content = compress(Buffer.alloc(20_000_000));
    expect(content.length).toBeLessThan(25_000);
    expect(codeOf({ content, contentEncoding })).toBe('too-large');
    expect(codeOf({ content: compress(WORDS), contentEncoding }, 10)).toBe('too-large');
    expect(codeOf({ content: compress(WORDS), contentEncoding }, 100)).toBe('none');
  });

  it('Zstandard asks in vain for a window of 128 MiB', () => {
    // RFC 8878, 3.1.1: a frame without its size, whose window is 2 ** (10 + 17) bytes, and an empty last block.
    const frame = (windowLog: number) =>
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3, 1, 0, 0]);
    expect(codeOf({ content: frame(23), contentEncoding: 'zstd' })).toBe('none');
    expect(codeOf({ content: frame(27), contentEncoding: 'zstd' })).toBe('invalid-encoding');
  });
});
