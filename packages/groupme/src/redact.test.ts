import { expect, it } from 'vitest';
import { createRedactor } from './redact.ts';

it('takes out every occurrence of every secret', () => {
  const redact = createRedactor(['bot1', 'tok1']);
  expect(redact('bot1 and tok1 and bot1')).toBe('[redacted] and [redacted] and [redacted]');
});

it('takes out a secret that is percent-encoded', () => {
  expect(createRedactor(['a b/c'])('?token=a%20b%2Fc')).toBe('?token=[redacted]');
});

it('leaves nothing of a secret that contains another', () => {
  expect(createRedactor(['abc', 'abcdef'])('abcdef')).toBe('[redacted]');
});

it('changes nothing for secrets that are missing or empty', () => {
  expect(createRedactor([undefined, ''])('text')).toBe('text');
});
