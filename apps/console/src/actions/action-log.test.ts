import { expect, it } from 'vitest';
import { storable } from './action-log.ts';

it.each([
  ['a\u0000b', 'a\ufffdb'],
  ['\ud800', '\ufffd'],
  [`${'x'.repeat(255)}🎶`, `${'x'.repeat(255)}\ufffd`],
  ['x'.repeat(100_000), 'x'.repeat(256)],
])('makes of what a stranger wrote a text that Postgres takes', (text, stored) => {
  expect(storable(text)).toBe(stored);
});
