export {
  ContractError,
  defineMessage,
  defineQueue,
  defineTerminalQueue,
  type MessageDefinition,
  type QueueDefinition,
} from './define.ts';
export {
  type CallbackEvent,
  callbackEvent,
  callbackEventSchema,
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
} from './groupme-events.ts';
export {
  type AlreadySent,
  alreadySentSchema,
  MAX_BODY_LENGTH,
  MAX_IMAGES,
  MAX_MESSAGE_ID_LENGTH,
  type StandardMessage,
  standardKey,
  standardMessage,
  standardMessageSchema,
  type TwilioSms,
  twilioSmsMessage,
  twilioSmsSchema,
} from './incoming.ts';
export {
  type Part,
  type PlannedMessage,
  plannedMessage,
  plannedMessageSchema,
  type Reply,
  replySchema,
} from './outbox.ts';
export {
  auditEventsQueue,
  auditParkedQueue,
  auditQueues,
  DEFAULT_EXCHANGE_NAME,
  relayJournalQueue,
  relayOutboxQueue,
  relayParkedQueue,
  relayQueues,
  relayStandardQueue,
  relayTwilioQueue,
} from './queues.ts';
export {
  RESERVED_SOURCES,
  type SendAccepted,
  type SendRequest,
  sendAcceptedSchema,
  sendRequestSchema,
} from './send-request.ts';
export { type DeclaredQueue, deriveTopology, type Namespace, queueName, type Topology } from './topology.ts';
