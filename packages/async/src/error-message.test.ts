import { expect, it } from 'vitest';
import { errorMessage } from './error-message.ts';

it('is the message of an error, and anything else as text', () => {
  expect([new Error('a fault'), 'a word', undefined].map(errorMessage)).toEqual([
    'a fault',
    'a word',
    'undefined',
  ]);
});
