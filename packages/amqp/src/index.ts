export { connectBroker } from './broker.ts';
export type { BrowsedMessage, QueueBrowser } from './browser.ts';
export { BrokerConfigurationError, PublishError, type PublishErrorCode } from './errors.ts';
export type {
  Broker,
  BrokerOptions,
  Consumer,
  ConsumerOptions,
  Delivery,
  Listener,
  Logger,
  OutgoingBytes,
  OutgoingMessage,
} from './types.ts';
