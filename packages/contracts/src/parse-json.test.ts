import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_JSON_DEPTH, parseJson } from './parse-json.ts';

const read = (text: string) => {
  const reading = parseJson(text);
  return reading.ok ? reading.value : reading.fault.code;
};

describe('parseJson', () => {
  it('reads every JSON as JSON.parse does, but for integers that would lose digits', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        fc.pre(!/\d{16}/.test(text));
        expect(read(text)).toEqual(JSON.parse(text));
      }),
      { examples: [['"\\"NaN\\\\"'], ['{"__proto__":1}']] },
    );
  });

  it.each([
    ['{"load":NaN}', { load: null }],
    ['[Infinity,-Infinity , NaN,-NaN]', [null, null, null, null]],
    ['{"NaN":"-Infinity is \\"NaN\\" \\\\","x":NaN}', { NaN: '-Infinity is "NaN" \\', x: null }],
    ['{"a":1}\u0000', { a: 1 }],
    ['\u0002{"a":1,"b":[1,2, ],}\u0003\r\n', { a: 1, b: [1, 2] }],
    [
      '{"a":True,"b":False,"c":None,"d":nan,"e":-inf,"f":"True, None,}"}',
      { a: true, b: false, c: null, d: null, e: null, f: 'True, None,}' },
    ],
    ['\ufeff\ufeff{"a":\u00a01}\u001a', { a: 1 }],
    ['{"a":"b"}\n\u0000\u0000rest of "the buffer', { a: 'b' }],
    ['{"a":"one\ntwo\rthree\tfour"}', { a: 'one\ntwo\rthree\tfour' }],
    ['{"a":"nul\u0000inside"}', { a: 'nul\u0000inside' }],
  ])('reads %j as careless programs mean it', (text, value) => {
    expect(read(text)).toEqual(value);
  });

  it.each([
    '',
    '\u0000',
    '{"a":',
    '{"a":"',
    '"\\',
    'hello',
    '{"a":NaNa}',
    '{"a":TrueNone}',
    '{,}}',
    '[1 2]',
    '{"a":1}\u0000{"b":2',
    "{'a':1}",
  ])('finds fault with %j', (text) => {
    if (text.startsWith('{"a":1}')) expect(read(text)).toEqual({ a: 1 });
    else expect(read(text)).toBe('invalid-json');
  });

  it('keeps the digits of an integer that a number cannot hold', () => {
    expect(read('{"id":174000000000000123,"n":-90071992547409931,"x":[9007199254740991]}')).toEqual({
      id: '174000000000000123',
      n: '-90071992547409931',
      x: [Number.MAX_SAFE_INTEGER],
    });
    expect(read('[1.0000000000000001,1e300,"174000000000000123"]')).toEqual([1, 1e300, '174000000000000123']);
  });

  it.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
    ['both', '{"a":[', ']}'],
  ])('finds fault with a nesting bomb of %s and never overflows', (_what, open, close) => {
    for (const depth of [MAX_JSON_DEPTH + 1, 10_000, 300_000]) {
      expect(read(`${open.repeat(depth)}1234567890123456789${close.repeat(depth)}`)).toBe('invalid-json');
      expect(read(`${open.repeat(depth)}NaN${close.repeat(depth)}`)).toBe('invalid-json');
    }
    const deepest = `${'['.repeat(MAX_JSON_DEPTH)}${']'.repeat(MAX_JSON_DEPTH)}`;
    expect(read(deepest)).toEqual(JSON.parse(deepest));
  });
});
