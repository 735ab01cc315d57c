export { type CallOutcome, classifyFailure } from './classify-failure.ts';
export {
  createGroupMeClient,
  type GroupMeClient,
  type GroupMeClientOptions,
  type ListMessagesOptions,
} from './client.ts';
export {
  type FailureFacts,
  GroupMeConfigurationError,
  GroupMeError,
  GroupMeRateLimitedError,
  GroupMeRejectedError,
  GroupMeUnknownOutcomeError,
  GroupMeUnreachableError,
  TransportError,
} from './errors.ts';
export { createPacer } from './pacer.ts';
export { createRedactor } from './redact.ts';
export type { Bot, GroupMessage, User } from './schemas.ts';
