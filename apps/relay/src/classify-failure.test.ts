import {
  GroupMeConfigurationError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
  GroupMeUnknownOutcomeError,
  GroupMeUnreachableError,
} from '@wbor/groupme';
import { expect, it } from 'vitest';
import { classifyFailure } from './classify-failure.ts';

const facts = { status: 0, durationMs: 1 };

it.each([
  [new GroupMeRateLimitedError('', facts), 'refused', 'pace'],
  [new GroupMeUnreachableError('', facts), 'unreachable', 'back-off'],
  [new GroupMeUnknownOutcomeError('', facts), 'unknown', 'back-off'],
  [new GroupMeConfigurationError('', facts), 'misconfigured', 'back-off'],
  [new GroupMeRejectedError('', facts), 'rejected', 'park'],
])('%s', (error, outcome, next) => {
  expect(classifyFailure(error)).toEqual({ outcome, next });
});
