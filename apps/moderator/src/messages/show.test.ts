import { expect, it } from 'vitest';
import { describeText, showUid } from './show.ts';

it('says what a message says, but not of one that was kept out of the chat', () => {
  const text = '"Play it\nagain"\n---UID---\n0a1b2c3d\n---------';
  expect(describeText({ text, blocked: false })).toBe('“Play it again”');
  expect(describeText({ text: `"${'x'.repeat(50)}"`, blocked: false })).toBe(`“${'x'.repeat(39)}…”`);
  expect(describeText({ text: null, blocked: false })).toBe('(no text)');
  expect(describeText({ text, blocked: true })).toBe('(blocked)');
});

it('shows what the chat shows of an id', () => {
  expect(showUid('0a1b2c3d-1111-4222-8333-444455556666')).toBe('0a1b2c3d');
  expect(showUid('evt1')).toBe('evt1');
  expect(showUid('apc-1')).not.toBe(showUid('apc-2'));
});
