import { expect, it } from 'vitest';
import { classifyFailure } from './classify-failure.ts';
import {
  GroupMeConfigurationError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
  GroupMeUnknownOutcomeError,
  GroupMeUnreachableError,
} from './errors.ts';

const facts = { status: 0, durationMs: 1 };

it.each([
  [new GroupMeRateLimitedError('', facts), 'refused'],
  [new GroupMeUnreachableError('', facts), 'unreachable'],
  [new GroupMeUnknownOutcomeError('', facts), 'unknown'],
  [new GroupMeConfigurationError('', facts), 'misconfigured'],
  [new GroupMeRejectedError('', facts), 'rejected'],
])('%s', (error, outcome) => {
  expect(classifyFailure(error)).toBe(outcome);
});
