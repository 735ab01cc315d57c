import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countrySetting, createSenderNormaliser } from './index.ts';

const normalise = createSenderNormaliser('US');

describe('a number', () => {
  it.each([
    '+12075550123',
    '+1 (207) 555-0123',
    '+1.207.555.0123',
    '+1/207/555/0123',
    '+1\u2011207\u2013555\u22120123',
    '12075550123',
    '1-207-555-0123',
    '2075550123',
    '(207) 555-0123',
    '0012075550123',
    '00 1 207 555 0123',
    '01112075550123',
    '  +1\u00a0207\u202f555\t0123 ',
    '\u202a+12075550123\u202c',
    '+1207\u200b555\u20600123\ufeff',
    '\uff0b\uff11\uff12\uff10\uff17\uff15\uff15\uff15\uff10\uff11\uff12\uff13',
    '+\u0661\u0662\u0660\u0667\u0665\u0665\u0665\u0660\u0661\u0662\u0663',
    'whatsapp:+12075550123',
    'WhatsApp: +1 207 555 0123',
    'rcs:+12075550123',
    'tel:+1-207-555-0123;ext=5',
    'sms://+12075550123?body=hi',
    'rcs:sms:2075550123',
    'tel:2075550123;phone-context=+1',
  ])('has one form: %j', (written) => {
    expect(normalise(written)).toBe('+12075550123');
  });

  it.each([
    ['+44 (0)20 7946 0958', '+442079460958'],
    ['0044 20 7946 0958', '+442079460958'],
    ['+120755501234', '+120755501234'],
    ['55512', '55512'],
    ['whatsapp:55512', '55512'],
    ['911', '911'],
    ['+1', '+1'],
    ['12345678901234567890', '12345678901234567890'],
  ])('keeps what is of another country, short, or too long: %j is %j', (written, expected) => {
    expect(normalise(written)).toBe(expected);
  });

  it('without a code is of the country that is set', () => {
    expect(createSenderNormaliser('GB')('020 7946 0958')).toBe('+442079460958');
    expect(createSenderNormaliser('DE')('0170 1234567')).toBe('+491701234567');
  });
});

describe('what is no number', () => {
  it.each([
    ['WBOR', 'wbor'],
    [' Brand  Agent ', 'brand agent'],
    ['rcs:brand_x1_agent', 'brand_x1_agent'],
    ['client:anonymous', 'client:anonymous'],
    ['', ''],
    ['-', ''],
    ['\u200b', ''],
    ['whatsapp:', ''],
    ['\ud800', '\ufffd'],
  ])('%j is compared as %j', (written, expected) => {
    expect(normalise(written)).toBe(expected);
  });
});

describe('the form of a form', () => {
  it.each([
    ['+200020744555', '+2020744555'],
    ['x\u200b\u0307', '\u1e8b'],
    ['tel:x;\u200b', 'x'],
    ['tel:;tel:', ''],
  ])('is that form: %j is %j', (written, expected) => {
    expect(normalise(written)).toBe(expected);
    expect(normalise(expected)).toBe(expected);
  });

  const prefix = fc.constantFrom(
    '',
    '+',
    '00',
    '011',
    '0',
    'whatsapp:',
    'rcs:',
    'tel:',
    'sms://',
    'tel:whatsapp:+',
  );
  const digit = fc.constantFrom(...'000123456789');
  const code = fc.constantFrom(...'1 20 39 44 49 52 54 55 7 81 86 91 225 234 263 380 598 995'.split(' '));
  const number = fc
    .tuple(prefix, code, fc.array(digit, { maxLength: 17 }))
    .map(([before, country, digits]) => `${before}${country}${digits.join('')}`);
  const piece = fc.constantFrom(
    ...'+ 00 0 1 207 5550123 - ( ) tel: whatsapp: x ; ? İ ſ ß ﷺ'.split(' '),
    ' ',
    '\u200b',
    '\u200e',
    '\u0307',
    '\u0345',
    '\u0660',
    '\uff11',
    '\ud83d',
  );
  const pieces = fc.array(piece, { maxLength: 40 }).map((all) => all.join(''));
  const text = fc
    .tuple(prefix, fc.string({ unit: 'binary', maxLength: 300 }))
    .map(([before, rest]) => `${before}${rest}`);

  it.each(['US', 'GB', 'AR', 'IT', 'MX', 'BR'] as const)(
    'changes nothing that is normal already, and never throws, in %s',
    (country) => {
      const ofCountry = createSenderNormaliser(country);
      fc.assert(
        fc.property(fc.oneof(number, pieces, text), (written) => {
          const once = ofCountry(written);
          expect(ofCountry(once)).toBe(once);
        }),
        { numRuns: 500 },
      );
    },
  );
});

it('is of a country that exists', () => {
  expect(countrySetting().parse(undefined)).toBe('US');
  expect(countrySetting().parse('gb')).toBe('GB');
  for (const wrong of ['USA', 'XX', '', '1']) expect(countrySetting().safeParse(wrong).success).toBe(false);
});
