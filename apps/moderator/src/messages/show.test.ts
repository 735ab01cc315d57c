import { expect, it } from 'vitest';
import { firstWords, maskName, maskNumber, shorten, showUid } from './show.ts';

it('shows the last four of a number only', () => {
  expect(maskNumber('+12075550123')).toBe('…0123');
  expect(maskNumber('55512')).toBe('…12');
});

it('masks a name that is a number', () => {
  expect(maskName('+1 (207) 555-0123')).toBe('…0123');
  expect(maskName('JANE DOE')).toBe('JANE DOE');
  expect(maskName('  ')).toBeUndefined();
  expect(maskName(null)).toBeUndefined();
});

it('finds what the sender wrote in a post', () => {
  expect(firstWords('"Play it\nagain"\n---UID---\n0a1b2c3d\n---------')).toBe('“Play it again”');
  expect(firstWords('(1/3):\n"He said "hi""')).toBe('“He said "hi"”');
  expect(firstWords('---------\nx')).toBe('“--------- x”');
  expect(firstWords(null)).toBe('(no text)');
  expect(firstWords('"Hi"\n---UID---\n0a1b2c3d\n2 media items attached\n---------')).toBe('“Hi”');
  // A footer that is not the end of the post is the sender's own.
  expect(firstWords('(1/2):\n"Hi\n---UID---\n0a1b2c3d\n---------\nyou"')).toBe(
    '“Hi ---UID--- 0a1b2c3d --------- you”',
  );
});

it('shortens at characters', () => {
  expect(shorten('🎶🎶🎶🎶', 3)).toBe('🎶🎶…');
  expect(shorten('abc', 3)).toBe('abc');
});

it('shows what the chat shows of an id', () => {
  expect(showUid('0a1b2c3d-1111-4222-8333-444455556666')).toBe('0a1b2c3d');
  expect(showUid('evt1')).toBe('evt1');
  expect(showUid('apc-1')).not.toBe(showUid('apc-2'));
});
