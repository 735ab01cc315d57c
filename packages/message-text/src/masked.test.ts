import { describe, expect, it } from 'vitest';
import { firstWords, maskName, maskNumber } from './masked.ts';

it('shows the end of a number only', () => {
  expect([maskNumber('+12075550123'), maskNumber('55512')]).toEqual(['…0123', '…12']);
});

it('masks a name that is a number, in whatever digits', () => {
  expect(maskName('+1 (207) 555-0123')).toBe('…0123');
  expect(maskName('٢٠٧٥٥٥٠١٢٣')).toBe('…٠١٢٣');
  expect([maskName('JANE DOE'), maskName('  '), maskName(null)]).toEqual(['JANE DOE', undefined, undefined]);
});

describe('first words', () => {
  it.each([
    ['"Play it\nagain"\n---UID---\n0a1b2c3d\n---------', 'Play it again'],
    ['(1/3):\n"He said "hi""', 'He said "hi"'],
    ['"Hi"\n---UID---\n0a1b2c3d\n2 media items attached\n---------', 'Hi'],
    ['---------\nx', '--------- x'],
    // A footer that is not the end of the post is the sender's own.
    ['(1/2):\n"Hi\n---UID---\n0a1b2c3d\n---------\nyou"', 'Hi ---UID--- 0a1b2c3d --------- you'],
    ['Power is back', 'Power is back'],
    [null, ''],
  ])('of %j', (post, words) => {
    expect(firstWords(post)).toBe(words);
  });

  it('are cut between characters', () => {
    expect(firstWords('🎶🎶🎶🎶', 3)).toBe('🎶🎶…');
  });
});
