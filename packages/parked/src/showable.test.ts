import { expect, it } from 'vitest';
import { showableTable } from './showable.ts';

it('shows bytes, lists and tables', () => {
  const table = { bytes: Buffer.from([0, 255]), list: [1, 'a', { deep: [Buffer.from('x')] }], none: null };
  expect(showableTable(table)).toEqual({
    bytes: 'base64:AP8=',
    list: [1, 'a', { deep: ['base64:eA=='] }],
    none: null,
  });
});

it.each([['table'], ['list']])('shows a %s that is nested thousands deep as far as one looks', (kind) => {
  let nested: unknown = 1;
  for (let depth = 0; depth < 50_000; depth += 1) nested = kind === 'list' ? [nested] : { a: nested };
  expect(JSON.stringify(showableTable({ nested }))).toContain('nested deeper');
});

it('takes names that mean something to JavaScript for what they are', () => {
  const table = JSON.parse('{"__proto__": {"a": 1}, "toJSON": "x", "toString": null}') as object;
  expect(JSON.stringify(showableTable({ table, toJSON: 'x' }))).toBe(
    '{"table":{"__proto__":{"a":1},"toJSON":"x","toString":null},"toJSON":"x"}',
  );
});
