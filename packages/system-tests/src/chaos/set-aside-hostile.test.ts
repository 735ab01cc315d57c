import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { makeBody, makeMessageId } from './messages.ts';
import { findHostileRows, isHostileMessage, isHostileText } from './set-aside-hostile.ts';

it('sets aside what carries the token of a hostile input', () => {
  expect(isHostileText('"zq00001c said"')).toBe(true);
  const content = gzipSync('{"body":"zq00001c"}');
  expect(isHostileMessage({ properties: '{}', content })).toBe(true);
  expect(isHostileMessage({ properties: '{"headers":{"x-fuzz":"zq00001c"}}', content: Buffer.of() })).toBe(
    true,
  );
});

it('sets aside what was too large, of which no more than the digest is kept', () => {
  const digest = 'ab'.repeat(32);
  const content = Buffer.from(JSON.stringify({ bytes: 2_000_000, sha256: digest, beginning: '{"a":' }));
  expect(isHostileMessage({ properties: '{}', content }, new Set([digest]))).toBe(true);
  expect(isHostileMessage({ properties: '{}', content }, new Set(['cd'.repeat(32)]))).toBe(false);
});

it('sets nothing aside that a normal producer sent, or nobody', () => {
  expect(isHostileText(makeBody(17, 40))).toBe(false);
  expect(isHostileText(makeMessageId(17, 'f00dzq00'))).toBe(false);
  expect(isHostileText('gd00001c')).toBe(false);
  expect(isHostileMessage({ properties: '{}', content: Buffer.from('nobody sent this') })).toBe(false);
});

it('sets aside the parts of a hostile message that do not carry its token', () => {
  const rows = [
    { wbor_message_id: '17', whole: '(17,"zq00001c and")' },
    { wbor_message_id: '17', whole: '(17,"so on")' },
    { wbor_message_id: 'k1-run', whole: '(k1-run,"k1w0")' },
    { wbor_message_id: null, whole: '(,"zq00001d")' },
    { wbor_message_id: null, whole: '(,"nobody knows")' },
  ];
  expect([...findHostileRows(rows)]).toEqual([rows[0], rows[1], rows[3]]);
});
