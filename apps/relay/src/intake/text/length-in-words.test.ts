import { expect, it } from 'vitest';
import { lengthInWords } from './length-in-words.ts';

it.each([
  [-5, 'less than a second'],
  [400, 'less than a second'],
  [1_000, '1 second'],
  [6_400, '6 seconds'],
  [119_000, '119 seconds'],
  [120_000, '2 minutes'],
  [7_140_000, '119 minutes'],
  [7_500_000, '2 hours 5 minutes'],
  [10_800_000, '3 hours'],
  [172_800_000, '2 days'],
  [176_400_000, '2 days 1 hour'],
])('%d ms are %s', (ms, words) => {
  expect(lengthInWords(ms)).toBe(words);
});
