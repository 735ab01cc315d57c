export {
  type BanRequest,
  banRequest,
  banRequestSchema,
  handledBanRequest,
  MAX_BAN_REASON_LENGTH,
} from './ban-request.ts';
export { type BotPost, botPostSchema } from './bot-post.ts';
export { decodeBody, type EncodedBody, MAX_INFLATED_BYTES } from './decode-body.ts';
export {
  type BodyOf,
  ContractError,
  defineFamily,
  defineMessage,
  defineQueue,
  defineTerminalQueue,
  type ExchangeRole,
  type KeyOf,
  type MessageDefinition,
  type MessageFamily,
  type Party,
  type QueueDefinition,
  type ValueOf,
} from './define.ts';
export {
  type CallbackEvent,
  callbackEvent,
  callbackEventSchema,
  type Evidence,
  echoEvent,
  type GroupMeCallback,
  groupMeCallbackSchema,
  type ImageEvent,
  imageEvent,
  imageEventSchema,
  type Outcome,
  type PostEvent,
  postEvent,
  postEventSchema,
  type UndisplayedEvent,
  undisplayedEvent,
  undisplayedEventSchema,
} from './groupme-events.ts';
export {
  ALREADY_SENT_HEADER,
  DELIVER_BY_HEADER,
  headerDefinitions,
  IN_DOUBT_HEADER,
  INTERIM_REPLY_HEADER,
  LOW_PRIORITY_HEADER,
  NO_FALLBACK_HEADER,
  ORIGINAL_KEY_HEADER,
  PARKED_HEADERS,
  PLAN_ID_HEADER,
  parkedAtOf,
  RETRY_COUNT_HEADER,
  URGENT_PRIORITY,
} from './headers.ts';
export { type ImageList, MAX_IMAGES } from './image-list.ts';
export {
  type AlreadySent,
  alreadySentMessage,
  alreadySentSchema,
  commandReply,
  MAX_BODY_LENGTH,
  type StandardMessage,
  standardKey,
  standardMessage,
  standardMessageSchema,
  type TwilioSms,
  twilioSmsMessage,
  twilioSmsSchema,
} from './incoming.ts';
export { type CallIntent, callIntent, callIntentSchema } from './journal.ts';
export { isBlank, isNothing, MAX_MESSAGE_ID_LENGTH, nameOf, toMessageId } from './lenient.ts';
export { isFamily, messages as messageCatalogue } from './messages.ts';
export {
  type Ban,
  type BanEvent,
  type BanList,
  type BanListState,
  banEvent,
  banEventSchema,
  banListMessage,
  banListRequest,
  banListSchema,
  banListState,
  type CommandEvent,
  commandEvent,
  commandEventSchema,
  type DashboardClear,
  dashboardClear,
  MAX_BAN_LIST_LEAD_MS,
} from './moderation.ts';
export {
  type InterimReply,
  interimReplySchema,
  type Part,
  type PlannedMessage,
  plannedMessage,
  plannedMessageSchema,
  type Reply,
  replySchema,
} from './outbox.ts';
export { MAX_JSON_DEPTH, parseJson } from './parse-json.ts';
export { type Progress, progressEvent } from './progress.ts';
export {
  auditEventsQueue,
  auditParkedQueue,
  auditQueues,
  DEFAULT_EXCHANGE_NAME,
  declaredQueues,
  moderatorCallbacksQueue,
  moderatorParkedQueue,
  moderatorQueues,
  moderatorRequestsQueue,
  moderatorSmsCommandsQueue,
  queuesParkedIn,
  RELAY_DELIVERY_LOCK,
  relayJournalQueue,
  relayOutboxQueue,
  relayOutboxUrgentQueue,
  relayParkedQueue,
  relayQueues,
  relayStandardQueue,
  relayStationsQueue,
  relayTwilioQueue,
} from './queues.ts';
export type { ReadFault, ReadResult } from './read-fault.ts';
export { type LenientReading, readIncoming } from './read-incoming.ts';
export { readJson, readMessage } from './read-message.ts';
export {
  RESERVED_SOURCES,
  type SendAccepted,
  type SendRequest,
  sendAcceptedSchema,
  sendDeliveredSchema,
  sendRequestSchema,
  sourceSchema,
} from './send-request.ts';
export { shownUid } from './shown-uid.ts';
export { smsBan, smsUnban } from './sms-commands.ts';
export {
  azuracastMessage,
  endecMessage,
  endecNotification,
  failsafeNotification,
  upsNotification,
} from './station-sources.ts';
export { type StationState, stationStates } from './station-states.ts';
export {
  type DeclaredQueue,
  deriveTopology,
  type FencedService,
  matchesTopic,
  type Namespace,
  type OwnExchange,
  ownExchange,
  queueName,
  serviceOf,
  type Topology,
  topicExpression,
} from './topology.ts';
export { toUnixSeconds } from './unix-seconds.ts';
export { type WriteRule, writeRules, writersOf } from './write-rules.ts';
