import { createHmac } from 'node:crypto';
import { Secret } from '@wbor/service';
import { expect, it } from 'vitest';
import { parseForm } from './form-body.ts';
import { isSignedByTwilio } from './twilio-signature.ts';

const token = new Secret('12345');
const url = 'https://example.com/myapp.php?foo=1&bar=2';
// The example of Twilio's own documentation, and its signature.
const fields = Object.entries({
  CallSid: 'CA1234567890ABCDE',
  Caller: '+14158675310',
  Digits: '1234',
  From: '+14158675310',
  To: '+18005551212',
});
const signature = 'L/OH5YylLD5NRKLltdqwSvS0BnU=';

it("knows the example of Twilio's documentation, in any order of its fields", () => {
  expect(isSignedByTwilio(token, { url, fields, signature })).toBe(true);
  expect(isSignedByTwilio(token, { url, fields: fields.toReversed(), signature })).toBe(true);
});

it('refuses another URL, field, token or signature', () => {
  expect(isSignedByTwilio(token, { url: `${url}3`, fields, signature })).toBe(false);
  expect(isSignedByTwilio(token, { url, fields: [...fields, ['A', 'b']], signature })).toBe(false);
  expect(isSignedByTwilio(new Secret('1234'), { url, fields, signature })).toBe(false);
  for (const other of [undefined, '', 'x', signature.toLowerCase(), [signature], `${signature}AAAA`]) {
    expect(isSignedByTwilio(token, { url, fields, signature: other })).toBe(false);
  }
});

it('takes a usual port for none, and a field that comes twice for two values', () => {
  const signed = (text: string) => createHmac('sha1', '12345').update(text).digest('base64');
  const twice = [
    ['a', '2'],
    ['a', '1'],
    ['a', '2'],
  ] as const;
  const withPort = signed('https://example.com:443/pa1a2');
  expect(isSignedByTwilio(token, { url: 'https://example.com/p', fields: twice, signature: withPort })).toBe(
    true,
  );
  const without = signed('http://example.com/p');
  expect(isSignedByTwilio(token, { url: 'http://example.com:80/p', fields: [], signature: without })).toBe(
    true,
  );
});

it('a form is read without guessing', () => {
  expect(
    parseForm('a=1+2&b=%C3%A9&c&=d&a=100%&%zz=%').ok && parseForm('a=1+2&b=%C3%A9&c&=d&a=100%&%zz=%'),
  ).toEqual({
    ok: true,
    value: [
      ['a', '1 2'],
      ['b', 'é'],
      ['c', ''],
      ['', 'd'],
      ['a', '100%'],
      ['%zz', '%'],
    ],
  });
  expect(parseForm('a=%ff').ok).toBe(false);
  expect(parseForm('')).toEqual({ ok: true, value: [] });
});
