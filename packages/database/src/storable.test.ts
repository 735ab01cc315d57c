import { describe, expect, it } from 'vitest';
import { storableJson, storableText } from './storable.ts';

describe('storableText', () => {
  it('replaces NUL and half surrogate pairs, and nothing else', () => {
    expect(storableText('a\u0000b\ud83dc\udc00')).toBe('a\uFFFDb\uFFFDc\uFFFD');
    expect(storableText('📻 é\n\t\u0001')).toBe('📻 é\n\t\u0001');
  });
});

describe('storableJson', () => {
  it('cleans texts and keys at every depth and leaves other values alone', () => {
    expect(storableJson({ 'k\u0000': ['\u0000', { deep: 'x\ud800' }], n: 1, no: null, yes: true })).toEqual({
      'k\uFFFD': ['\uFFFD', { deep: 'x\uFFFD' }],
      n: 1,
      no: null,
      yes: true,
    });
  });

  it('keeps a field called __proto__ as a field', () => {
    const result = storableJson(JSON.parse('{"__proto__":{"polluted":true}}'));
    expect(JSON.stringify(result)).toBe('{"__proto__":{"polluted":true}}');
  });

  it('refuses what is nested too deep for Postgres', () => {
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    expect(() => storableJson(deep)).toThrow(RangeError);
  });
});
