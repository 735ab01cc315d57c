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
export type { Bot, GroupMessage, User } from './schemas.ts';
