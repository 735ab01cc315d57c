import { expect, it } from 'vitest';
import { fitFlash } from './pages.ts';

it('says the whole of a short text', () => {
  expect(fitFlash('1 message was replayed: 🎶.')).toBe('1 message was replayed: 🎶.');
});

it.each([
  ['half a character', '\ud83c'],
  ['characters that would be cut in the middle', `x${'🎶'.repeat(100_000)}`],
  ['text of three bytes a unit', '\u4e2d'.repeat(100_000)],
])('makes a cookie of %s', (_what, text) => {
  const fit = fitFlash(text);
  expect(fit.isWellFormed()).toBe(true);
  expect(encodeURIComponent(fit).length).toBeLessThan(3_100);
  expect(fit.length).toBeGreaterThan(0);
});
