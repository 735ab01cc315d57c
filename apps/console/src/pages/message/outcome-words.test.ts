import { expect, it } from 'vitest';
import { codeWords, evidenceWords, outcomeWords } from './outcome-words.ts';

it.each([
  ['delivered', 202, 'good', 'GroupMe took it'],
  ['unknown', 0, 'wait', 'No usable answer: it may or may not have been posted'],
  ['of a newer relay', 0, 'wait', 'of a newer relay'],
  [null, 202, 'good', 'GroupMe took it'],
  [null, 500, 'wait', 'GroupMe did not take it'],
])('says how a call with outcome %s and code %s ended', (outcome, code, tone, words) => {
  expect(outcomeWords(outcome, code)).toEqual({ tone, words });
});

it('says what settled a doubt, and what was answered', () => {
  expect(evidenceWords('none')).toContain('may show it twice');
  expect(evidenceWords(undefined)).toBeUndefined();
  expect([codeWords(0), codeWords(429), codeWords(null)]).toEqual(['no answer', 'HTTP 429', undefined]);
});
