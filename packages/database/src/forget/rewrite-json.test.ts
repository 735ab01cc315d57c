import { expect, it } from 'vitest';
import { rewriteJson } from './rewrite-json.ts';

const rewrite = (text: string) => text.replaceAll('7', 'x');

it('rewrites texts, names and the numbers that are meant, wherever they are', () => {
  expect(rewriteJson('{"a7":["7",{"b":"17"},7,1.50,null,true],"c":{}}', rewrite)).toBe(
    '{"ax":["x",{"b":"1x"},"x",1.50,null,true],"c":{}}',
  );
});

it('keeps numbers of any length as they are, and fields of any name', () => {
  const json = '{"n":12345688901234568890,"__proto__":{"rawJSON":"1"},"e":1e400}';
  expect(rewriteJson(json, rewrite)).toBe(json);
});
